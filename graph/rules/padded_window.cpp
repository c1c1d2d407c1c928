// Conv(Pad(x, with zeros))   =>   Conv(x) that pads itself     likewise AveragePool that counts what is padded, and
// MaxPool where the padding is -inf
#include <algorithm>
#include <cmath>
#include <optional>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// The number that a Pad of mode constant fills with; nullopt for other modes, or when it is not known.
std::optional<double> fill(const Graph& graph, const Node& pad) {
  const auto mode = pad.attributes.find("mode");
  if (mode != pad.attributes.end() && std::get<std::string>(mode->second) != "constant") return std::nullopt;
  if (pad.opset < 11) {
    const auto value = pad.attributes.find("value");
    return value == pad.attributes.end() ? 0 : static_cast<double>(std::get<float>(value->second));
  }
  const ValueId value = input_of(pad, 2);
  if (value == ValueId::None) return 0;
  return is_constant(graph, value) ? number(graph.value(value).constant) : std::nullopt;
}

// What is put before and behind each of `rank` axes; nullopt when it is not known.
std::optional<std::vector<int64_t>> pads_of(const Graph& graph, const Node& pad, size_t rank) {
  const auto given = integers(graph, pad, pad.opset < 2 ? "paddings" : "pads", 1);
  if (!given || input_of(pad, 3) == ValueId::None) return given;
  const auto axes = integers(graph, pad.inputs[3]);
  if (!axes || given->size() != 2 * axes->size()) return std::nullopt;
  std::vector<int64_t> all(2 * rank, 0);
  for (size_t i = 0; i < axes->size(); ++i) {
    const int64_t axis = (*axes)[i] + ((*axes)[i] < 0 ? static_cast<int64_t>(rank) : 0);
    if (axis < 0 || axis >= static_cast<int64_t>(rank)) return std::nullopt;
    all[static_cast<size_t>(axis)] = (*given)[i];
    all[rank + static_cast<size_t>(axis)] = (*given)[axes->size() + i];
  }
  return all;
}

bool is_set(const Node& node, std::string_view name, std::string_view value) {
  const auto it = node.attributes.find(name);
  return it != node.attributes.end() && std::get<std::string>(it->second) != value;
}

// Why a window cannot pad so by itself; empty when it can.
std::string obstacle(const Node& window, double fill, const std::vector<int64_t>& own,
                     const std::vector<int64_t>& all) {
  if (is_set(window, "auto_pad", "NOTSET")) return "it pads as much as it likes";
  if (window.op_type == "Conv") return fill == 0 ? "" : "the padding is not 0";
  const auto kernel = window.attributes.find("kernel_shape");
  const auto* sizes = kernel == window.attributes.end() ? nullptr : std::get_if<std::vector<int64_t>>(&kernel->second);
  if (sizes == nullptr || sizes->size() * 2 != all.size()) return "its kernel has another rank";
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] >= (*sizes)[i % sizes->size()]) return "a window would be nothing but padding";
  }
  if (attribute(window, "ceil_mode", 0) != 0) return "its last window may hang over";
  if (window.op_type == "MaxPool") return fill == -INFINITY ? "" : "the padding is not -inf";
  const bool pads = std::ranges::any_of(own, [](int64_t n) { return n != 0; });
  if (window.opset < 7 || (pads && attribute(window, "count_include_pad", 0) == 0)) return "it does not count padding";
  return fill == 0 ? "" : "the padding is not 0";
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  const Node& window = g.root();
  if (window.outputs.size() > 1 && window.outputs[1] != ValueId::None) return g.refuse("its indices are used");
  const Dims* dims = dims_of(graph, m["x"]);
  if (dims == nullptr || dims->size() < 3) return g.refuse("the rank is not known");
  const size_t rank = dims->size();
  const size_t spatial = rank - 2;
  const auto padding = pads_of(graph, g.node("pad"), rank);
  const auto filled = fill(graph, g.node("pad"));
  if (!padding || padding->size() != 2 * rank || !filled) return g.refuse("the padding is not known");
  if (std::ranges::any_of(*padding, [](int64_t n) { return n < 0; })) return g.refuse("it cuts something off");
  const auto given = integers(graph, window, "pads", SIZE_MAX);
  const std::vector<int64_t> own = given.value_or(std::vector<int64_t>(2 * spatial, 0));
  if (own.size() != 2 * spatial) return ValueId::None;
  std::vector<int64_t> all = own;
  for (size_t side = 0; side < 2; ++side) {
    if ((*padding)[side * rank] != 0 || (*padding)[side * rank + 1] != 0)
      return g.refuse("it pads more than the plane");
    for (size_t i = 0; i < spatial; ++i) all[side * spatial + i] += (*padding)[side * rank + 2 + i];
  }
  if (const std::string why = obstacle(window, *filled, own, all); !why.empty()) return g.refuse(why);
  Attributes attributes = window.attributes;
  attributes.erase("auto_pad");
  attributes["pads"] = all;
  if (window.op_type == "AveragePool") attributes["count_include_pad"] = int64_t{1};
  std::vector<ValueId> inputs(window.inputs.begin(),
                              window.inputs.begin() + static_cast<int64_t>(window.formal_inputs));
  inputs[0] = m["x"];
  return g.again(window, std::move(inputs), std::move(attributes));
}

}  // namespace

MICA_RULE(padded_window, Fuse) {
  std::vector<Pattern> spellings;
  const Pattern padded = op("Pad", {any("x")}).with_more_inputs().as("pad");
  for (const auto* name : {"Conv", "AveragePool", "MaxPool"})
    spellings.push_back(op(name, {padded}).with_more_inputs());
  return {one_of(spellings), rewrite};
}

}  // namespace mica
