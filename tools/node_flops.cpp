#include "tools/node_flops.h"

#include <algorithm>
#include <string_view>

#include "graph/facts.h"
#include "graph/infer_context.h"
#include "runtime/base/error.h"
#include "tools/graph_walk.h"

namespace mica::tools {
namespace {

/// A node and the dims of its operands.
struct Operation {
  const Node& node;
  const OperandDims& dims;

  const Dims& in(size_t i) const { return *dims.inputs.at(i); }
  bool has(size_t i) const { return dims.has(i); }
  Dim count(size_t i) const { return product(in(i)); }
  Dim results() const { return product(*dims.outputs.at(0)); }
};

// All dims but the first.
Dim behind_first(const Dims& dims) {
  return dims.empty() ? Dim(0) : product(Dims(dims.begin() + 1, dims.end()));
}

// Every result is a sum over the last axis of input 0, or over the one before it where that is transposed.
Dim matmul(const Operation& op) {
  const Dims& a = op.in(0);
  const size_t from_back = attribute(op.node, "transA", 0) != 0 && a.size() > 1 ? 2 : 1;
  return Dim(2) * op.results() * (a.empty() ? Dim(1) : a[a.size() - from_back]);
}

// Every result is a sum over one filter, input `weights`, whose first axis are the results' channels.
template <size_t weights>
Dim convolution(const Operation& op) {
  return Dim(2) * op.results() * behind_first(op.in(weights));
}

// Every element of the input is multiplied by all of its channel's filter.
Dim transposed_convolution(const Operation& op) {
  return Dim(2) * op.count(0) * behind_first(op.in(1));
}

// All weights, for each step of each sequence.
Dim recurrent(const Operation& op) {
  const Dims& x = op.in(0);
  return x.size() == 3 ? Dim(2) * x[0] * x[1] * (op.count(1) + op.count(2)) : Dim(0);
}

// Scores and their products with the values: for each query, all its heads' widths times the number of keys, twice.
// `past`: the input with the keys from before.
template <size_t past>
Dim attention(const Operation& op) {
  const Dims& key = op.in(1);
  if (key.size() < 3 || key.size() > 4) return 0;
  Dim keys = key[key.size() - 2];
  if (op.has(past) && op.in(past).size() == 4) keys = keys + op.in(past)[2];
  return Dim(2) * keys * (op.count(0) + op.results());
}

// The same of queries, keys and values in one tensor.
Dim self_attention(const Operation& op) {
  return op.in(0).size() == 3 ? Dim(4) * op.in(0)[1] * op.results() : Dim(0);
}

struct Formula {
  std::string_view op_type;
  size_t needed;  ///< inputs
  Dim (*flops)(const Operation&);
};

constexpr Formula kFormulas[] = {
    {"Attention", 3, attention<4>},
    {"Conv", 2, convolution<1>},
    {"ConvLayer", 2, convolution<1>},
    {"ConvInteger", 2, convolution<1>},
    {"ConvTranspose", 2, transposed_convolution},
    {"DynamicQuantizeMatMul", 2, matmul},
    {"FusedMatMul", 2, matmul},
    {"Gemm", 2, matmul},
    {"GroupQueryAttention", 3, attention<3>},
    {"GRU", 3, recurrent},
    {"Linear", 2, matmul},
    {"LSTM", 3, recurrent},
    {"MatMul", 2, matmul},
    {"MatMulInteger", 2, matmul},
    {"MatMulIntegerToFloat", 2, matmul},
    {"MatMulNBits", 2, matmul},
    {"MultiHeadAttention", 3, attention<6>},
    {"QGemm", 4, matmul},
    {"QLinearConv", 4, convolution<3>},
    {"QLinearMatMul", 4, matmul},
    {"RNN", 3, recurrent},
    {"SelfAttention", 1, self_attention},
};

const Formula* formula_of(const Node& node) {
  const auto formula = std::ranges::find(kFormulas, node.op_type, &Formula::op_type);
  return formula == std::end(kFormulas) ? nullptr : &*formula;
}

bool is_known(const Dim& flops) {
  return std::ranges::none_of(flops.symbols(), [](const std::string& symbol) { return is_unknown_symbol(symbol); });
}

}  // namespace

std::optional<Dim> node_flops(const Node& node, const OperandDims& dims) {
  const Formula* formula = formula_of(node);
  if (formula == nullptr || dims.outputs.empty() || dims.outputs[0] == nullptr) return std::nullopt;
  for (size_t i = 0; i < formula->needed; ++i) {
    if (!dims.has(i)) return std::nullopt;
  }
  try {
    const Dim flops = formula->flops({node, dims});
    return flops.is(0) || !is_known(flops) ? std::nullopt : std::optional(flops);
  } catch (const Error&) {  // more than a Dim can hold
    return std::nullopt;
  }
}

GraphFlops graph_flops(const Graph& graph) {
  GraphFlops total;
  for_each_node(graph, [&](const Graph& around, NodeId id, int) {
    const Node& node = around.node(id);
    if (formula_of(node) == nullptr) return;
    OperandDims dims;
    for (size_t i = 0; i < node.formal_inputs; ++i) dims.inputs.push_back(dims_of(around, node.inputs[i]));
    for (const ValueId output : node.outputs) dims.outputs.push_back(dims_of(around, output));
    const auto flops = node_flops(node, dims);
    try {
      if (flops) total.known = total.known + *flops;
      if (flops) return;
    } catch (const Error&) {
    }
    ++total.unknown;
  });
  return total;
}

}  // namespace mica::tools
