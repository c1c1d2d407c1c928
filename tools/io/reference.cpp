#include "tools/io/reference.h"

#include <fmt/core.h>

#include <algorithm>

#include "graph/graph.h"
#include "tools/case_folder.h"
#include "tools/io/stand_in.h"
#include "tools/io/value_files.h"

namespace mica::tools {
namespace fs = std::filesystem;
namespace {

// The longest end of `key`, all of it or what follows a '/', that is the name of a value; nullopt when there is none.
std::optional<ValueId> find_value(const Graph& graph, std::string_view key, std::string_view& prefix) {
  for (size_t start = 0;;) {
    prefix = key.substr(0, start);
    if (const auto id = graph.find_value(key.substr(start))) return id;
    const size_t slash = key.find('/', start);
    if (slash == std::string_view::npos) return std::nullopt;
    start = slash + 1;
  }
}

ReferenceCase& case_of(Reference& reference, std::string_view prefix) {
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  const auto known = std::ranges::find(reference.cases, prefix, &ReferenceCase::name);
  if (known != reference.cases.end()) return *known;
  return reference.cases.emplace_back(ReferenceCase{std::string(prefix), {}, {}});
}

Reference from_arrays(const fs::path& path, const Graph& graph) {
  Reference reference;
  for (const auto& [key, array] : read_arrays(path)) {
    std::string_view prefix;
    const auto id = find_value(graph, key, prefix);
    if (!id) {
      reference.unknown.push_back(key);
      continue;
    }
    const Value& value = graph.value(*id);
    const Tensor restored = from_stand_in(array, value.type.dtype);
    const Datum datum(restored.defined() ? restored : array);
    ReferenceCase& of = case_of(reference, prefix);
    if (graph.is_input(*id)) {
      of.inputs.emplace(value.name, datum);
    } else {
      of.values.emplace_back(value.name, datum);
    }
  }
  return reference;
}

Reference from_data_sets(const std::vector<fs::path>& folders, const Model& model) {
  Reference reference;
  const Graph& graph = *model.graph().graph;
  for (const fs::path& folder : folders) {
    const DataSet data = read_data_set(folder, model);
    ReferenceCase& of = reference.cases.emplace_back();
    if (folders.size() > 1) of.name = folder.filename().string();
    for (size_t i = 0; i < data.inputs.size(); ++i)
      of.inputs.emplace(graph.value(graph.inputs[i]).name, data.inputs[i]);
    for (size_t i = 0; i < data.outputs.size(); ++i) {
      of.values.emplace_back(graph.value(graph.outputs[i]).name, data.outputs[i]);
    }
  }
  return reference;
}

}  // namespace

Reference read_reference(const fs::path& path, const Model& model) {
  const Graph& graph = *model.graph().graph;
  Reference reference;
  if (fs::is_directory(path)) {
    std::vector<fs::path> sets = data_set_folders(path);
    if (sets.empty() && fs::exists(path / "output_0.pb")) sets = {path};
    if (!sets.empty()) reference = from_data_sets(sets, model);
  }
  if (reference.cases.empty()) reference = from_arrays(path, graph);
  std::erase_if(reference.cases, [](const ReferenceCase& of) { return of.values.empty(); });
  if (reference.cases.empty()) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("\"{}\" has no value of the model's", path.string()));
  }
  return reference;
}

}  // namespace mica::tools
