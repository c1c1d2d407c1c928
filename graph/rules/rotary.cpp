#include "graph/rules/rotary.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "graph/edit.h"
#include "graph/facts.h"

namespace mica {
namespace {

const Node* producer(const Graph& graph, ValueId id) {
  const NodeId node = id == ValueId::None ? NodeId::None : graph.value(id).producer;
  return node == NodeId::None || !graph.node(node).domain.empty() ? nullptr : &graph.node(node);
}

// The length of the last axis; 0 when it is not known.
int64_t width(const Graph& graph, ValueId id) {
  const Dims* dims = dims_of(graph, id);
  return dims == nullptr || dims->empty() ? 0 : dims->back().constant().value_or(0);
}

bool is_last(const Graph& graph, ValueId id, int64_t axis) {
  const Dims* dims = dims_of(graph, id);
  return dims != nullptr && (axis == -1 || axis == static_cast<int64_t>(dims->size()) - 1);
}

HeadPart sliced(const Graph& graph, const Node& slice) {
  const auto starts = integers(graph, slice, "starts", 1);
  const auto axes = integers(graph, slice, "axes", 3);
  const Dims* out = dims_of(graph, slice.outputs[0]);
  const int64_t length = width(graph, slice.inputs[0]);
  if (!starts || !axes || starts->size() != 1 || axes->size() != 1 || out == nullptr) return {};
  int64_t step = 1;
  if (input_of(slice, 4) != ValueId::None) {
    const auto steps = integers(graph, slice.inputs[4]);
    if (!steps || steps->size() != 1) return {};
    step = steps->front();
  }
  if (!is_last(graph, slice.inputs[0], axes->front()) || !out->back().is(length / 2) || length % 2 != 0) return {};
  const int64_t start = starts->front() < 0 ? starts->front() + length : starts->front();
  return {slice.inputs[0], start, step};
}

HeadPart split(const Graph& graph, const Node& node, ValueId output) {
  if (!is_last(graph, node.inputs[0], attribute(node, "axis", 0)) || node.outputs.size() != 2) return {};
  const int64_t half = width(graph, node.outputs[0]);
  if (half == 0 || width(graph, node.outputs[1]) != half) return {};
  return {node.inputs[0], output == node.outputs[0] ? 0 : half, 1};
}

// One of [..., pairs, 2], without its last axis.
HeadPart of_pairs(const Graph& graph, ValueId x, int64_t index) {
  if (width(graph, x) != 2) return {};
  return {x, index < 0 ? index + 2 : index, 2, true};
}

// Rows of a constant matrix, less their second halves; undefined where these differ from the first ones.
Tensor first_half(const Tensor& table) {
  const Shape& shape = table.shape();
  if (shape.rank() == 0 || shape.back() == 0 || shape.back() % 2 != 0) return {};
  std::vector<int64_t> dims(shape.begin(), shape.end());
  dims.back() /= 2;
  Tensor half(table.dtype(), Shape(dims));
  const size_t row = table.bytes() / std::max<size_t>(1, static_cast<size_t>(shape.elements() / shape.back()));
  const auto* from = static_cast<const char*>(table.raw());
  auto* to = static_cast<char*>(half.mutable_raw());
  for (size_t at = 0; at < table.bytes(); at += row, to += row / 2) {
    if (!std::equal(from + at, from + at + row / 2, from + at + row / 2)) return {};
    std::copy_n(from + at, row / 2, to);
  }
  return half;
}

bool is_one_of(const Node& node, std::initializer_list<std::string_view> types) {
  return std::ranges::find(types, node.op_type) != types.end();
}

ValueId halved(Rewriter& g, ValueId table);

// The node that gives the value again, of one half of its first input.
ValueId of_half(Rewriter& g, ValueId value) {
  const NodeId id = g.graph().value(value).producer;
  const ValueId half = halved(g, g.graph().node(id).inputs[0]);
  if (half == ValueId::None) return half;
  const Node& node = g.graph().node(id);
  std::vector<ValueId> inputs(node.inputs.begin(),
                              node.inputs.begin() + static_cast<std::ptrdiff_t>(node.formal_inputs));
  inputs[0] = half;
  return g.again(node, inputs, node.attributes);
}

// A table whose halves are the same, cut to one of them.
ValueId halved(Rewriter& g, ValueId table) {
  const Graph& graph = g.graph();
  if (is_constant(graph, table)) {
    Tensor half =
        bit_width(graph.value(table).constant.dtype()) >= 8 ? first_half(graph.value(table).constant) : Tensor();
    return half.defined() ? g.add_constant(std::move(half)) : ValueId::None;
  }
  const Node* node = producer(graph, table);
  if (node == nullptr || node->subgraphs.size() > 0 || node->outputs[0] != table) return ValueId::None;
  if (node->op_type == "Concat") {
    const bool twice = node->formal_inputs == 2 && node->inputs[0] == node->inputs[1];
    return twice && is_last(graph, table, attribute(*node, "axis", 1)) ? node->inputs[0] : ValueId::None;
  }
  if (is_one_of(*node, {"Cos", "Sin", "Cast"})) return of_half(g, table);
  // What leaves the last axis as it is.
  const int64_t before = width(graph, node->inputs[0]);
  if (before == 0 || before != width(graph, table)) return ValueId::None;
  if (is_one_of(*node, {"Mul", "Div"})) {
    const bool by_number = is_constant(graph, node->inputs[1]) && number(graph.value(node->inputs[1]).constant);
    return by_number ? of_half(g, table) : ValueId::None;
  }
  const Dims& dims = *dims_of(graph, node->inputs[0]);
  if (node->op_type == "Gather") {
    const bool rows = dims.size() > 1 && !is_last(graph, node->inputs[0], attribute(*node, "axis", 0));
    return rows ? of_half(g, table) : ValueId::None;
  }
  if (node->op_type == "Slice") {
    const auto axes = integers(graph, *node, "axes", 3);
    const auto last = [&](int64_t axis) { return is_last(graph, node->inputs[0], axis); };
    const bool rows = axes && std::ranges::none_of(*axes, last);
    return rows ? of_half(g, table) : ValueId::None;
  }
  if (is_one_of(*node, {"Unsqueeze", "Squeeze"})) return of_half(g, table);
  if (node->op_type != "Reshape") return ValueId::None;
  auto shape = integers(graph, node->inputs[1]);
  if (!shape || shape->empty() || shape->back() != before) return ValueId::None;
  const ValueId half = halved(g, node->inputs[0]);
  if (half == ValueId::None) return half;
  shape->back() = before / 2;
  return g.add("Reshape", 5,
               {half, g.add_constant(Tensor::of<int64_t>({static_cast<int64_t>(shape->size())}, *shape))});
}

// A table with each element twice in succession, Reshape(Tile(t, [1, ..., 2])) of [..., pairs, 1], as [..., pairs].
ValueId thinned(Rewriter& g, ValueId table) {
  const Graph& graph = g.graph();
  const Node* joined = producer(graph, table);
  const Node* repeated =
      joined != nullptr && joined->op_type == "Reshape" ? producer(graph, joined->inputs[0]) : nullptr;
  if (repeated == nullptr || !is_one_of(*repeated, {"Tile", "Expand"})) return ValueId::None;
  const Dims* from = dims_of(graph, repeated->inputs[0]);
  const Dims* to = dims_of(graph, repeated->outputs[0]);
  const Dims* out = dims_of(graph, table);
  if (from == nullptr || to == nullptr || out == nullptr || from->size() != to->size()) return ValueId::None;
  if (to->size() != out->size() + 1 || !std::equal(out->begin(), out->end() - 1, to->begin())) return ValueId::None;
  if (!std::equal(from->begin(), from->end() - 1, to->begin()) || !from->back().is(1) || !to->back().is(2)) {
    return ValueId::None;
  }
  const auto rank = static_cast<int64_t>(out->size());
  std::vector<int64_t> kept(out->size(), 0);
  return g.add("Reshape", 5, {repeated->inputs[0], g.add_constant(Tensor::of<int64_t>({rank}, kept))});
}

// [B, 1, S, p] or [B, S, 1, p] as [B, S, p], by `axis` of the 1.
ValueId without_heads(Rewriter& g, ValueId table, size_t axis) {
  const Graph& graph = g.graph();
  Dims wanted = *dims_of(graph, table);
  wanted.erase(wanted.begin() + static_cast<std::ptrdiff_t>(axis));
  const Node* node = producer(graph, table);
  if (node != nullptr && is_one_of(*node, {"Unsqueeze", "Reshape"})) {
    const Dims* from = dims_of(graph, node->inputs[0]);
    if (from != nullptr && *from == wanted) return node->inputs[0];
  }
  const int64_t pairs = wanted.back().value();
  std::vector<int64_t> shape{0, 0, pairs};
  if (wanted[0].is_constant()) {
    shape = {wanted[0].value(), -1, pairs};
  } else if (axis != 2) {
    g.refuse("the table cannot be reshaped");
    return ValueId::None;
  }
  return g.add("Reshape", 5, {table, g.add_constant(Tensor::of<int64_t>({3}, shape))});
}

}  // namespace

HeadPart head_part(const Graph& graph, ValueId value) {
  const Node* node = producer(graph, value);
  if (node == nullptr) return {};
  if (node->op_type == "Slice") return sliced(graph, *node);
  if (node->op_type == "Split") return split(graph, *node, value);
  if (node->op_type == "Gather") {
    const auto index = integers(graph, node->inputs[1]);
    const bool last = is_last(graph, node->inputs[0], attribute(*node, "axis", 0));
    return last && index && index->size() == 1 ? of_pairs(graph, node->inputs[0], index->front()) : HeadPart{};
  }
  if (!is_one_of(*node, {"Squeeze", "Reshape"})) return {};
  const Dims* before = dims_of(graph, node->inputs[0]);
  const Dims* after = dims_of(graph, value);
  if (before == nullptr || after == nullptr || before->size() != after->size() + 1 || !before->back().is(1)) return {};
  if (!std::equal(after->begin(), after->end(), before->begin())) return {};
  const HeadPart inner = head_part(graph, node->inputs[0]);
  return inner.of != ValueId::None && inner.step == 1 ? of_pairs(graph, inner.of, inner.start) : HeadPart{};
}

std::optional<TurnedPairs> turned_pairs(const Graph& graph, ValueId first, ValueId second) {
  const HeadPart a = head_part(graph, first);
  const HeadPart b = head_part(graph, second);
  if (a.of == ValueId::None || a.of != b.of || a.step != b.step || a.paired != b.paired) return std::nullopt;
  const int64_t apart = a.step == 2 ? 1 : width(graph, a.of) / 2;
  if (a.step < 1 || a.step > 2 || a.start != 0 || b.start != apart) return std::nullopt;
  return TurnedPairs{a.of, a.step == 2, a.paired};
}

ValueId half_table(Rewriter& g, ValueId table, bool interleaved) {
  const ValueId half = interleaved ? thinned(g, table) : halved(g, table);
  return half == ValueId::None ? g.refuse("the angles of a pair may differ") : half;
}

ValueId rotary_embedding(Rewriter& g, ValueId x, ValueId cos, ValueId sin, bool interleaved) {
  const Dims* known = dims_of(g.graph(), x);
  const Dims* table = dims_of(g.graph(), cos);
  const Dims* other = dims_of(g.graph(), sin);
  if (known == nullptr || known->size() != 4 || !known->back().is_constant()) return g.refuse("x is not of rank 4");
  if (table == nullptr || other == nullptr || *table != *other || table->size() != 4) {
    return g.refuse("the tables are not of rank 4");
  }
  const Dims dims = *known;
  const Dims t = *table;
  const bool heads_first = t[1].is(1) && t[2] == dims[2];
  if (!heads_first && !(t[2].is(1) && t[1] == dims[1])) return g.refuse("the angles are not those of positions");
  const int64_t head = dims[3].value();
  if (!(t[0] == dims[0] || t[0].is(1)) || !t[3].is(head / 2) || head % 2 != 0) {
    return g.refuse("there is not one angle for each pair");
  }
  if (t[0] != dims[0] && g.target() == Target::Portable) return g.refuse("the tables are not those of a batch");
  const size_t axis = heads_first ? 1 : 2;
  cos = without_heads(g, cos, axis);
  sin = without_heads(g, sin, axis);
  if (cos == ValueId::None || sin == ValueId::None) return ValueId::None;
  const int64_t flag = interleaved ? 1 : 0;
  Attributes attributes;
  if (interleaved) attributes.insert_or_assign("interleaved", flag);
  if (heads_first) return g.add("RotaryEmbedding", 23, {x, cos, sin}, attributes);
  if (!dims[2].is_constant()) return g.refuse("the number of heads is not known");
  const int64_t heads = dims[2].value();
  attributes.insert_or_assign("num_heads", heads);
  const ValueId joined = g.add("Reshape", 5, {x, g.add_constant(Tensor::of<int64_t>({3}, {0, 0, heads * head}))});
  const ValueId turned = g.add("RotaryEmbedding", 23, {joined, cos, sin}, attributes);
  if (turned == ValueId::None) return turned;
  return g.add("Reshape", 5, {turned, g.add_constant(Tensor::of<int64_t>({4}, {0, 0, heads, head}))});
}

}  // namespace mica
