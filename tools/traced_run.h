// Runs of a model that also give out values from within.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tools/inputs/model_inputs.h"
#include "tools/options.h"

namespace mica::tools {

/// A model in a file, run as it would be, and run again with other values given out. The second keeps the optimiser
/// from removing these, and so may compute differently: outputs are those of the first.
class TracedModel {
 public:
  /// `traced`: values of the graph other than its inputs and outputs.
  TracedModel(const std::string& path, const CommonOptions& options, const std::vector<std::string>& traced);

  const Model& model() const { return model_; }
  /// Outputs and traced values by name, as copies.
  std::map<std::string, Datum> run(const ModelInputs& inputs);

 private:
  Model model_;
  Session session_;
  std::vector<std::string> traced_;
  std::vector<Session> traced_session_;  ///< one, or none where nothing is traced
};

/// A value with memory of its own.
Datum deep_copy(const Datum& value);

/// Names of the tensors that nodes of the graph compute, its outputs left out, in an order of execution.
std::vector<std::string> intermediate_values(const Graph& graph);

}  // namespace mica::tools
