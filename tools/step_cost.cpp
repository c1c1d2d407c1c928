#include "tools/step_cost.h"

#include <algorithm>
#include <string_view>

#include "graph/facts.h"

namespace mica::tools {
namespace {

/// A node and the shapes of its operands; null where absent or not known.
struct Operation {
  const Node& node;
  std::vector<const Shape*> inputs, outputs;

  double count(size_t input) const { return static_cast<double>(inputs.at(input)->elements()); }
  double results() const { return static_cast<double>(outputs.at(0)->elements()); }
  bool has(size_t input) const { return input < inputs.size() && inputs[input] != nullptr; }
};

// Every result is a sum over the last axis of input 0.
double matmul(const Operation& op) {
  return 2 * op.results() * static_cast<double>(op.inputs[0]->rank() > 0 ? op.inputs[0]->back() : 1);
}

double gemm(const Operation& op) {
  const bool is_transposed = attribute(op.node, "transA", 0) != 0;
  return op.inputs[0]->rank() == 2 ? 2 * op.results() * static_cast<double>((*op.inputs[0])[is_transposed ? 0 : 1]) : 0;
}

// Every result is a sum over one filter, input `weights`, whose first axis are the results' channels.
template <size_t weights>
double convolution(const Operation& op) {
  const Shape& filter = *op.inputs[weights];
  return filter.rank() > 0 && filter[0] > 0 ? 2 * op.results() * op.count(weights) / static_cast<double>(filter[0]) : 0;
}

// Every element of the input is multiplied by all of its channel's filter.
double transposed_convolution(const Operation& op) {
  const Shape& filter = *op.inputs[1];
  return filter.rank() > 0 && filter[0] > 0 ? 2 * op.count(0) * op.count(1) / static_cast<double>(filter[0]) : 0;
}

// All weights, for each step of each sequence.
double recurrent(const Operation& op) {
  const Shape& x = *op.inputs[0];
  if (!op.has(2) || x.rank() != 3) return 0;
  return 2 * static_cast<double>(x[0]) * static_cast<double>(x[1]) * (op.count(1) + op.count(2));
}

// Scores and their products with the values: for each query, all its heads' widths times the number of keys, twice.
double attention(const Operation& op) {
  if (!op.has(1) || !op.has(2) || op.inputs[1]->rank() < 3 || op.inputs[1]->rank() > 4) return 0;
  const Shape& key = *op.inputs[1];
  double keys = static_cast<double>(key[key.rank() - 2]);
  if (op.has(4) && op.inputs[4]->rank() == 4) keys += static_cast<double>((*op.inputs[4])[2]);
  return 2 * keys * (op.count(0) + op.results());
}

struct Formula {
  std::string_view op_type;
  size_t needed;  ///< inputs
  double (*flops)(const Operation&);
};

constexpr Formula kFormulas[] = {
    {"Attention", 3, attention},
    {"Conv", 2, convolution<1>},
    {"ConvInteger", 2, convolution<1>},
    {"ConvTranspose", 2, transposed_convolution},
    {"FusedMatMul", 2, matmul},
    {"Gemm", 2, gemm},
    {"GRU", 3, recurrent},
    {"LSTM", 3, recurrent},
    {"MatMul", 2, matmul},
    {"MatMulInteger", 2, matmul},
    {"MatMulNBits", 2, matmul},
    {"QLinearConv", 4, convolution<3>},
    {"QLinearMatMul", 4, matmul},
    {"RNN", 3, recurrent},
};

const Shape* shape_of(const PlanLayout& layout, uint32_t slot) {
  return slot != Slot::kNone && layout.shapes[slot] ? &*layout.shapes[slot] : nullptr;
}

std::optional<double> flops_of(const Operation& op) {
  const auto formula = std::ranges::find(kFormulas, op.node.op_type, &Formula::op_type);
  if (formula == std::end(kFormulas) || op.outputs.empty() || op.outputs[0] == nullptr) return std::nullopt;
  for (size_t i = 0; i < formula->needed; ++i) {
    if (!op.has(i)) return std::nullopt;
  }
  const double flops = formula->flops(op);
  return flops > 0 ? std::optional(flops) : std::nullopt;
}

}  // namespace

StepCost step_cost(const Plan& plan, const Step& step, const PlanLayout& layout) {
  if (step.view) return {std::nullopt, 0};
  Operation op{plan.graph().node(step.node), {}, {}};
  double bytes = 0;
  bool is_known = true;
  const auto take = [&](uint32_t slot, std::vector<const Shape*>& shapes) {
    shapes.push_back(shape_of(layout, slot));
    if (slot == Slot::kNone) return;
    is_known &= shapes.back() != nullptr;
    if (shapes.back() != nullptr)
      bytes += static_cast<double>(shapes.back()->elements()) * bit_width(plan.slots()[slot].dtype) / 8;
  };
  for (size_t i = 0; i < step.formal_inputs; ++i) take(step.inputs[i], op.inputs);
  for (const uint32_t slot : step.outputs) take(slot, op.outputs);
  return {flops_of(op), is_known ? std::optional(bytes) : std::nullopt};
}

}  // namespace mica::tools
