#include "kernels/flop_rules.h"

namespace mica {
namespace {

Dim results(const OperandDims& dims) {
  return product(*dims.outputs[0]);
}

Dim product_over(const OperandDims& dims, size_t from_back) {
  const Dims& a = *dims.inputs[0];
  if (a.empty()) return 0;
  return Dim(2) * results(dims) * (a.size() < from_back ? a.front() : a[a.size() - from_back]);
}

// The keys from before.
Dim keys_of_past(const OperandDims& dims, size_t past) {
  const bool known = dims.has(past) && dims.inputs[past]->size() >= 4;
  return known ? (*dims.inputs[past])[dims.inputs[past]->size() - 2] : Dim(0);
}

}  // namespace

Dim product_flops(const OperandDims& dims) {
  return product_over(dims, 1);
}

Dim product_flops_of_transposed(const OperandDims& dims) {
  return product_over(dims, 2);
}

Dim convolution_flops(const OperandDims& dims, size_t weights) {
  const Dims& w = *dims.inputs[weights];
  return w.empty() ? Dim(0) : Dim(2) * results(dims) * product(Dims(w.begin() + 1, w.end()));
}

Dim attention_flops(const OperandDims& dims, size_t past) {
  const bool apart = dims.has(1);
  const Dims& key = *dims.inputs[apart ? 1 : 0];
  if (key.size() < 3) return 0;
  const Dim keys = key[apart && key.size() == 4 ? 2 : 1] + keys_of_past(dims, past);
  return Dim(2) * keys * (apart ? product(*dims.inputs[0]) + results(dims) : Dim(2) * results(dims));
}

Dim projected_attention_flops(const OperandDims& dims, size_t past) {
  const Dims& x = *dims.inputs[0];
  const Dims& weights = *dims.inputs[1];
  if (x.size() != 3 || weights.size() != 2) return 0;
  const Dim keys = x[1] + keys_of_past(dims, past);
  return Dim(2) * product(x) * weights[1] + Dim(4) * keys * results(dims);
}

Dim recurrent_flops(const OperandDims& dims) {
  const Dims& x = *dims.inputs[0];
  if (x.size() != 3) return 0;
  return Dim(2) * x[0] * x[1] * (product(*dims.inputs[1]) + product(*dims.inputs[2]));
}

}  // namespace mica
