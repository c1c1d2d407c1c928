// QuantizeLinear(f(DequantizeLinear(x)))   =>   f(x)     for an f that picks or moves elements, and the same scale and
// zero point
#include <algorithm>
#include <array>

#include "graph/quantized.h"
#include "graph/rule.h"

namespace mica {
namespace {

constexpr std::array<std::string_view, 11> kMoving{"Reshape",      "Flatten",      "Transpose", "Squeeze",
                                                   "Unsqueeze",    "Slice",        "Gather",    "Expand",
                                                   "DepthToSpace", "SpaceToDepth", "MaxPool"};
constexpr int64_t kMaxPoolOfBytes = 12;  // the version that takes them

ValueId rewrite(Rewriter& g, const Match& m) {
  const auto x = dequantized(g.graph(), m["x"]);
  const auto y = quantization(g.graph(), g.root());
  if (!x || !y) return ValueId::None;
  if (!is_per_tensor(g.graph(), *y) || !same_quantization(g.graph(), x->by, *y)) {
    return g.refuse("scales or zero points differ");
  }
  const Node& f = g.node("f");
  if (f.outputs.size() > 1) return g.refuse("it has another result");
  std::vector<ValueId> inputs(f.inputs.begin(), f.inputs.begin() + static_cast<int64_t>(f.formal_inputs));
  inputs[0] = x->codes;
  if (f.op_type == "MaxPool" && f.opset < kMaxPoolOfBytes)
    return g.add("MaxPool", kMaxPoolOfBytes, inputs, f.attributes);
  return g.again(f, std::move(inputs), f.attributes);
}

}  // namespace

MICA_RULE(qdq_moved, Fuse) {
  std::vector<Pattern> moving;
  for (const std::string_view name : kMoving) moving.push_back(op(name, {any("x")}).with_more_inputs().as("f"));
  return {op("QuantizeLinear", {one_of(moving)}).with_more_inputs(), rewrite};
}

}  // namespace mica
