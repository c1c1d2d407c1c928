#include "tools/inputs/input_shapes.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "graph/edit.h"
#include "graph/inference.h"
#include "graph/lookup.h"
#include "tools/inputs/dim_choice.h"

namespace mica::tools {
namespace {

[[noreturn]] void refuse(const Value& value, const Shape& shape, const std::string& why) {
  throw Error(ErrorCode::InvalidArgument, fmt::format("input \"{}\" cannot be {}: {}", value.name, shape.str(), why));
}

// Takes from the shape of one input what the symbols among its dims are.
void bind_symbols(const Value& value, const Shape& shape, SymbolValues& known) {
  if (!value.type.dims) return;
  const Dims& dims = *value.type.dims;
  if (dims.size() != shape.rank()) refuse(value, shape, "the model takes " + value.type.str());
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    if (const auto number = dims[axis].constant()) {
      if (*number != shape[axis]) refuse(value, shape, "the model takes " + value.type.str());
      continue;
    }
    const std::string symbol = dims[axis].str();
    const auto [entry, is_new] = known.emplace(symbol, shape[axis]);
    if (!is_new && entry->second != shape[axis]) {
      refuse(value, shape, fmt::format("{} is {} elsewhere", symbol, entry->second));
    }
  }
}

bool infers(Graph& graph) {
  try {
    infer_types(graph);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Whether inference finds nothing wrong, and no result empty.
bool is_accepted(const Graph& graph, const SymbolValues& values) {
  const auto trial = graph.clone();
  fix_input_dims(*trial, values);
  if (!infers(*trial)) return false;
  for (const ValueId id : trial->outputs) {
    const ValueType& type = trial->value(id).type;
    if (type.dims &&
        std::ranges::any_of(*type.dims, [](const Dim& dim) { return dim.is_constant() && dim.value() <= 0; })) {
      return false;
    }
  }
  return true;
}

std::vector<std::string> open_symbols(const Graph& graph, const SymbolValues& known) {
  std::vector<std::string> symbols;
  for (const ValueId id : graph.inputs) {
    if (!graph.value(id).type.dims) continue;
    for (const Dim& dim : *graph.value(id).type.dims) {
      for (const std::string& symbol : dim.symbols()) {
        if (!known.contains(symbol) && std::ranges::find(symbols, symbol) == symbols.end()) symbols.push_back(symbol);
      }
    }
  }
  return symbols;
}

}  // namespace

SymbolValues fix_input_shapes(Graph& graph, const Shapes& shapes) {
  SymbolValues known;
  for (const auto& [name, shape] : shapes) {
    Value& value = graph.value(input_named(graph, name));
    bind_symbols(value, shape, known);
    value.type = ValueType::tensor(value.type.dtype, to_dims(shape));
  }
  fix_input_dims(graph, known);
  return known;
}

std::unique_ptr<Graph> with_input_shapes(const Graph& graph, const Shapes& shapes, const CommonOptions& options) {
  auto result = graph.clone();
  SymbolValues known = fix_input_shapes(*result, shapes);
  known.merge(parse_dims(options.dims));
  fix_input_dims(*result, known);
  const auto open = open_symbols(*result, known);
  SymbolValues chosen =
      choose_dims(open, known, [&](const SymbolValues& values) { return is_accepted(*result, values); });
  for (const std::string& symbol : open) {
    note(options, fmt::format("dim \"{}\" is {}; choose it with --dim", symbol, chosen.at(symbol)));
  }
  fix_input_dims(*result, chosen);
  infers(*result);
  return result;
}

}  // namespace mica::tools
