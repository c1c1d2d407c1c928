// merge(Attention(split(q), split(k), split(v)))   =>   turn(Attention(turn(q), turn(k), turn(v))) with numbers of
// heads where rows are [length, batch, heads width], as torch.nn.MultiheadAttention has them: split takes these to
// [batch heads, length, width], with or without batches and heads apart, merge takes that back to rows, and turn swaps
// length and batch.
#include <algorithm>
#include <optional>

#include "graph/facts.h"
#include "graph/reshaped.h"
#include "graph/rule.h"
#include "graph/rules/attention_batches.h"

namespace mica {
namespace {

const std::vector<int64_t> kTurn{1, 0, 2};

// How the heads of a value were split.
struct Split {
  ValueId rows = ValueId::None;  ///< [length, batch, heads * width], or another shape of these elements
  ValueId cut = ValueId::None;   ///< [length, batch * heads, width]
};

std::optional<Split> split_of(const Graph& graph, ValueId id) {
  const Dims* dims = dims_of(graph, id);
  const bool apart = dims != nullptr && dims->size() == 4;  // [batch, heads, length, width]
  if (apart) {
    const Node* parted = producer_of(graph, id, "Reshape");
    if (parted == nullptr) return std::nullopt;
    id = parted->inputs[0];
  }
  const Node* turned = producer_of(graph, id, "Transpose");
  if (turned == nullptr || permutation(graph, *turned) != kTurn) return std::nullopt;
  const Node* cut = producer_of(graph, turned->inputs[0], "Reshape");
  const Dims* flat = cut == nullptr ? nullptr : dims_of(graph, cut->outputs[0]);
  if (dims == nullptr || flat == nullptr || flat->size() != 3 || (*flat)[0] != (*dims)[dims->size() - 2]) {
    return std::nullopt;
  }
  if (flat->back() != dims->back() || (apart && (*flat)[1] != (*dims)[0] * (*dims)[1])) return std::nullopt;
  return Split{cut->inputs[0], cut->outputs[0]};
}

// Batch and heads of a split: as the heads are apart, or as the rows tell.
struct Heads {
  Dim batch;
  int64_t count;
};

std::optional<Heads> heads_of(const Graph& graph, ValueId id, const Split& split) {
  const Dims& dims = *dims_of(graph, id);
  const Dims* rows = dims_of(graph, split.rows);
  const Dims& flat = *dims_of(graph, split.cut);
  if (dims.size() == 4) return dims[1].is_constant() ? std::optional(Heads{dims[0], dims[1].value()}) : std::nullopt;
  if (rows == nullptr || rows->size() != 3 || !rows->back().is_constant() || !flat.back().is_constant()) {
    return std::nullopt;
  }
  const int64_t width = flat.back().value();
  if (width < 1 || rows->back().value() % width != 0 || (*rows)[0] != flat[0]) return std::nullopt;
  const Heads heads{(*rows)[1], rows->back().value() / width};
  return flat[1] == heads.batch * Dim(heads.count) ? std::optional(heads) : std::nullopt;
}

// [batch, length, heads * width].
ValueId turned_rows(Rewriter& g, const Split& split, const Heads& heads) {
  const Dims flat = *dims_of(g.graph(), split.cut);
  const Dims wanted{flat[0], heads.batch, flat[2] * Dim(heads.count)};
  ValueId rows = split.rows;
  if (const Dims* dims = dims_of(g.graph(), rows); dims == nullptr || *dims != wanted) {
    auto shape = written_shape(dims, wanted);
    if (!shape) shape = written_shape(&flat, wanted), rows = split.cut;
    if (!shape) return g.refuse("the rows cannot be written");
    rows = add_reshape(g, rows, *shape);
  }
  return rows == ValueId::None ? rows : g.add("Transpose", 1, {rows}, {{"perm", kTurn}});
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  const Node& attention = g.node("attention");
  const Dims* q = dims_of(graph, m["q"]);
  const auto perm = permutation(graph, g.node("turned"));
  if (q == nullptr || !perm) return g.refuse("a rank is not known");
  const bool apart = q->size() == 4;
  if (*perm != (apart ? std::vector<int64_t>{2, 0, 1, 3} : kTurn)) return ValueId::None;
  if (apart ? attention.formal_inputs > 4 || attention.outputs.size() > 1 : !is_of_one_head(attention)) {
    return g.refuse("it has heads, a cache, or more results");
  }
  std::vector<Split> splits;
  std::optional<Heads> heads;
  for (const auto* name : {"q", "k", "v"}) {
    const auto split = split_of(graph, m[name]);
    if (!split) return g.refuse("the heads are not split from rows of [length, batch, width]");
    splits.push_back(*split);
    if (!heads) heads = heads_of(graph, m[name], *split);
  }
  if (!heads || heads->count < 1) return g.refuse("the number of heads is not known");
  for (const Split& split : splits) {
    const bool same = (*dims_of(graph, split.cut))[1] == heads->batch * Dim(heads->count);
    if (!same) return g.refuse("batches and heads differ");
  }
  auto mask = std::optional(input_of(attention, 3));
  if (!apart) mask = mask_of_heads(g, *mask, heads->batch, heads->count);
  if (!mask) return ValueId::None;
  Attributes attributes = attention.attributes;
  attributes.insert_or_assign("q_num_heads", heads->count);
  attributes.insert_or_assign("kv_num_heads", heads->count);
  std::vector<ValueId> inputs;
  for (const Split& split : splits) {
    inputs.push_back(turned_rows(g, split, *heads));
    if (inputs.back() == ValueId::None) return ValueId::None;
  }
  if (*mask != ValueId::None) inputs.push_back(*mask);
  ValueId y = g.again(g.node("attention"), std::move(inputs), std::move(attributes));
  if (y != ValueId::None) y = g.add("Transpose", 1, {y}, {{"perm", kTurn}});
  const Dims* rows = y == ValueId::None ? nullptr : dims_of(graph, y);
  const Dims* wanted = dims_of(graph, g.replaced());
  if (rows == nullptr || wanted == nullptr || *rows == *wanted) return y;
  const auto shape = written_shape(rows, *wanted);
  return shape ? add_reshape(g, y, *shape) : g.refuse("the heads are not merged");
}

}  // namespace

MICA_RULE(attention_length_first, Block) {
  const Pattern attention = op("Attention", {any("q"), any("k"), any("v")}).with_more_inputs().as("attention");
  return {op("Reshape", {op("Transpose", {attention}).as("turned")}).with_more_inputs(), rewrite};
}

}  // namespace mica
