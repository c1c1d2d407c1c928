// Computing in float or double on tensors of any float type: Half and BFloat16 are widened, and results rounded.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "kernels/float_conversion.h"
#include "kernels/operands.h"

namespace mica {

/// Calls `f.template operator()<T>()` with the type to compute in: double for double, float for the narrower floats.
/// Throws for other dtypes.
template <class F>
void visit_wide(DType dtype, F&& f) {
  if (dtype == DType::F64) return std::forward<F>(f).template operator()<double>();
  if (is_float(dtype)) return std::forward<F>(f).template operator()<float>();
  bad_input("element type " + std::string(name(dtype)) + " is not a float");
}

/// The elements of a float tensor as T (float or double): the tensor's own memory, or a copy in scratch.
template <class T>
const T* widen(const Operands& io, const Tensor& tensor) {
  if (tensor.dtype() == dtype_of<T>) return tensor.data<T>();
  T* wide = io.scratch<T>(tensor.elements());
  convert_floats(tensor.dtype(), tensor.raw(), dtype_of<T>, wide, tensor.elements(), &io.threads());
  return wide;
}

/// As `widen`; null for an absent input.
template <class T>
const T* widen_optional(const Operands& io, size_t input) {
  return io.has(input) ? widen<T>(io, io.in(input)) : nullptr;
}

/// A float tensor to be written as T: its own memory, or scratch that `store` rounds into it.
template <class T>
class WideOutput {
 public:
  WideOutput(const Operands& io, Tensor& tensor)
      : tensor_(tensor),
        threads_(io.threads()),
        data_(tensor.dtype() == dtype_of<T> ? tensor.mutable_data<T>() : io.scratch<T>(tensor.elements())) {}

  T* data() const { return data_; }
  void store() const {
    if (tensor_.dtype() == dtype_of<T>) return;
    convert_floats(dtype_of<T>, data_, tensor_.dtype(), tensor_.mutable_raw(), tensor_.elements(), &threads_);
  }

 private:
  Tensor& tensor_;
  ThreadPool& threads_;
  T* data_;
};

}  // namespace mica
