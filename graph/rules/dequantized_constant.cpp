// DequantizeLinear(w)   =>   its value     for a constant w that nothing computes with as integers
#include <algorithm>

#include "graph/facts.h"
#include "graph/quantized.h"
#include "graph/rule.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

// (w - zero) * scale, each of `parameters` of these for a place of the axis, behind which lie `inner` elements.
template <class T>
void dequantize(const Tensor& w, const float* scales, const T* zeros, int64_t parameters, int64_t inner, float* to) {
  const T* from = w.data<T>();
  for (int64_t i = 0; i < w.elements(); ++i) {
    const int64_t p = parameters == 1 ? 0 : i / inner % parameters;
    const int64_t zero = zeros != nullptr ? int64_t{zeros[p]} : 0;
    to[i] = static_cast<float>(int64_t{from[i]} - zero) * scales[p];
  }
}

ValueId rewrite(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  if (g.target() != Target::Mica) return g.refuse("that is how a quantised weight is written");
  const auto w = dequantized(graph, g.replaced());
  if (!w) return ValueId::None;
  const Tensor& codes = g.constant("w");
  const Tensor scale = aligned(g.constant("scale"));
  const Tensor* zero = m.has("zero") ? &g.constant("zero") : nullptr;
  if (!codes.defined() || !scale.defined() || (zero != nullptr && !zero->defined())) return ValueId::None;
  const int64_t parameters = scale.elements();
  if (zero != nullptr && (zero->elements() != parameters || zero->dtype() != codes.dtype())) return ValueId::None;
  int64_t inner = 1;
  if (parameters != 1) {
    const auto axis = static_cast<size_t>(w->by.axis);
    if (w->by.axis < 0 || axis >= codes.shape().rank() || codes.shape()[axis] != parameters) return ValueId::None;
    inner = codes.shape().elements(axis + 1, codes.shape().rank());
  }
  if (!g.may_rewrite(static_cast<size_t>(codes.elements()) * sizeof(float), false)) {
    return g.refuse("the weights of the model have been rewritten a few times already");
  }
  Tensor floats(DType::F32, codes.shape());
  visit_dtype<uint8_t, int8_t, int32_t>(codes.dtype(), [&]<class T>() {
    dequantize<T>(codes, scale.data<float>(), zero != nullptr ? zero->data<T>() : nullptr, parameters, inner,
                  floats.mutable_data<float>());
  });
  return g.add_constant(std::move(floats));
}

}  // namespace

MICA_RULE(dequantized_constant, Layer) {
  const Pattern w = constant("w"), scale = constant("scale");
  return {{op("DequantizeLinear", {w, scale, constant("zero")}), op("DequantizeLinear", {w, scale})}, rewrite};
}

}  // namespace mica
