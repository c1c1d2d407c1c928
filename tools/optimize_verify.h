// Whether an optimised model gives what it gave before, and which pass or rule is to blame when it does not.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "tools/compare_values.h"
#include "tools/inputs/model_inputs.h"

namespace mica::tools {

/// One run of a model as it is, on random inputs, and runs of others on the same.
class ReferenceRun {
 public:
  /// Throws what loading and running the model throws.
  ReferenceRun(const GraphModel& model, const CommonOptions& options);

  size_t outputs() const { return expected_.size(); }
  /// How the outputs of another model with the same inputs and outputs differ; empty when they agree.
  std::string difference(const GraphModel& other, const Tolerance& tolerance) const;

 private:
  CommonOptions options_;
  ModelInputs inputs_;
  std::vector<Datum> expected_;
};

using NameSet = std::set<std::string, std::less<>>;

/// The smallest part of `names` found, none of which can be put back, without which `is_right` holds. It must hold
/// without all of them.
NameSet find_culprits(const NameSet& names, const std::function<bool(const NameSet& left_out)>& is_right);

}  // namespace mica::tools
