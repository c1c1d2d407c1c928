// What `mica optimize` tells: a model before and after, and what each pass and rule did.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/notes.h"
#include "tools/node_flops.h"
#include "tools/print.h"

namespace mica::tools {

/// Figures of one model.
struct ModelFigures {
  std::map<std::string, size_t> operators;  ///< nodes by operator
  size_t nodes = 0;
  size_t initializers = 0, initializer_bytes = 0;
  size_t file_bytes = 0;  ///< with its files of weights; 0: not in a file
  GraphFlops flops;
};

/// "12.3 G", or an expression over the dims of the inputs; says of how many more nodes it is not known.
std::string flops_text(const ModelFigures& figures);

/// Types must have been inferred, for the arithmetic. `files`: those that the model is in.
ModelFigures figures_of(const GraphModel& model, const std::vector<std::string>& files = {});

struct OptimizeReport {
  std::string model, output;  ///< paths; an empty `output`: nothing was written
  ModelFigures before, after;
  Notes notes;
  std::vector<std::string> explained;     ///< passes and rules of which all remarks are wanted
  std::vector<std::string> left_out;      ///< passes and rules that changed results, and were left out
  std::string storage;                    ///< what --fp16 or --bf16 did; empty: it was not asked
  std::string verified;                   ///< what --verify has to say; empty: it was not asked
  std::vector<std::string> import_notes;  ///< what the import had to mend
};

struct OperatorChange {
  std::string name;
  size_t before = 0, after = 0;
  std::string text() const;  ///< "+2", "-1", ""
};
/// By name.
std::vector<OperatorChange> operator_changes(const OptimizeReport& report);

/// "applied", "refused", "failed"
std::string_view kind_name(Notes::Kind kind);

void print_text(const OptimizeReport& report);
Json to_json(const OptimizeReport& report);

}  // namespace mica::tools
