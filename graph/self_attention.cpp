#include "graph/self_attention.h"

#include <algorithm>

#include "graph/facts.h"

namespace mica {
namespace {

// Number of elements of a head; nullopt when the heads do not divide the rows evenly.
std::optional<int64_t> head_width(const Dims& dims, int64_t heads) {
  if (heads < 1 || !dims[2].is_constant() || dims[2].value() % heads != 0) return std::nullopt;
  return dims[2].value() / heads;
}

bool refuse(Rewriter& g, const char* why) {
  g.refuse(why);
  return false;
}

}  // namespace

bool is_self_attention(Rewriter& g, const Node& attention) {
  const Graph& graph = g.graph();
  const Dims* q = dims_of(graph, attention.inputs[0]);
  const Dims* k = dims_of(graph, attention.inputs[1]);
  const Dims* v = dims_of(graph, attention.inputs[2]);
  for (const Dims* dims : {q, k, v}) {
    if (dims == nullptr || dims->size() != 3) return refuse(g, "not of rank 3");
    if ((*dims)[0] != (*q)[0] || (*dims)[1] != (*q)[1]) return refuse(g, "keys are of another sequence than queries");
  }
  const int64_t kv_heads = attribute(attention, "kv_num_heads", 0);
  const auto width = head_width(*q, attribute(attention, "q_num_heads", 0));
  if (!width || head_width(*k, kv_heads) != width || head_width(*v, kv_heads) != width) {
    return refuse(g, "heads differ in width");
  }
  for (size_t i = 4; i < attention.formal_inputs; ++i) {
    if (attention.inputs[i] != ValueId::None) return refuse(g, "it has a cache");
  }
  for (size_t i = 1; i < attention.outputs.size(); ++i) {
    if (attention.outputs[i] != ValueId::None) return refuse(g, "more than its result is used");
  }
  if (attention.attributes.contains("softmax_precision")) return refuse(g, "the softmax has a precision of its own");
  const ValueId mask = input_of(attention, 3);
  if (mask == ValueId::None) return true;
  const Dims* columns = dims_of(graph, mask);
  const bool whole = columns != nullptr && !columns->empty() && columns->back() == (*k)[1];
  return whole || refuse(g, "the mask lacks columns of the scores");
}

ValueId add_self_attention(Rewriter& g, const Node& attention, ValueId packed) {
  std::vector<ValueId> inputs{packed};
  if (input_of(attention, 3) != ValueId::None) inputs.push_back(attention.inputs[3]);
  Attributes attributes = attention.attributes;
  attributes.erase("qk_matmul_output_mode");
  return g.add_own("SelfAttention", attention.name, std::move(inputs), std::move(attributes));
}

}  // namespace mica
