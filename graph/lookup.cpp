#include "graph/lookup.h"

#include <set>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mica {

ValueId value_named(const Graph& graph, std::string_view name) {
  if (const auto id = graph.find_value(name)) return *id;
  std::vector<std::string_view> known;
  for (uint32_t i = 0; i < graph.value_count(); ++i) known.push_back(graph.value(ValueId{i}).name);
  throw Error(ErrorCode::InvalidArgument, unknown_name("value", name, known));
}

ValueId input_named(const Graph& graph, std::string_view name) {
  std::vector<std::string_view> known;
  for (const ValueId id : graph.inputs) {
    if (graph.value(id).name == name) return id;
    known.push_back(graph.value(id).name);
  }
  throw Error(ErrorCode::InvalidArgument, unknown_name("input", name, known));
}

void check_dim_names(const Graph& graph, const SymbolValues& values) {
  std::set<std::string> symbols;
  for (const ValueId id : graph.inputs) {
    if (!graph.value(id).type.dims) continue;
    for (const Dim& dim : *graph.value(id).type.dims) symbols.merge(dim.symbols());
  }
  const std::vector<std::string_view> known(symbols.begin(), symbols.end());
  for (const auto& [name, value] : values) {
    if (!symbols.contains(name)) throw Error(ErrorCode::InvalidArgument, unknown_name("dim of an input", name, known));
    if (value < 0) throw Error(ErrorCode::InvalidArgument, "dim \"" + name + "\" is negative");
  }
}

}  // namespace mica
