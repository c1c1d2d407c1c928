// What `mica optimize` tells: a model before and after, and what each pass and rule did.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/notes.h"
#include "tools/print.h"

namespace mica::tools {

/// Figures of one model.
struct ModelFigures {
  std::map<std::string, size_t> operators;  ///< nodes by operator
  size_t nodes = 0;
  size_t initializers = 0, initializer_bytes = 0;
  size_t file_bytes = 0;  ///< with its files of weights; 0: not in a file
};

/// `files`: those that the model is in.
ModelFigures figures_of(const GraphModel& model, const std::vector<std::string>& files = {});

struct OptimizeReport {
  std::string model, output;  ///< paths; an empty `output`: nothing was written
  ModelFigures before, after;
  Notes notes;
  std::vector<std::string> explained;     ///< passes and rules of which all remarks are wanted
  std::vector<std::string> left_out;      ///< passes and rules that changed results, and were left out
  std::string verified;                   ///< what --verify has to say; empty: it was not asked
  std::vector<std::string> import_notes;  ///< what the import had to mend
};

void print_text(const OptimizeReport& report);
Json to_json(const OptimizeReport& report);

}  // namespace mica::tools
