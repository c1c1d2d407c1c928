// Computing in float or double on tensors of any float type: Half and BFloat16 are widened, and results rounded.
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

#include "kernels/operands.h"
#include "runtime/base/half.h"

namespace mica {

/// Calls `f.template operator()<T>()` with the type to compute in: double for double, float for the narrower floats.
/// Throws for other dtypes.
template <class F>
void visit_wide(DType dtype, F&& f) {
  if (dtype == DType::F64) return std::forward<F>(f).template operator()<double>();
  if (is_float(dtype)) return std::forward<F>(f).template operator()<float>();
  bad_input("element type " + std::string(name(dtype)) + " is not a float");
}

/// Writes the elements of a float tensor as T (float or double).
template <class T>
void widen_to(const Tensor& tensor, T* to) {
  const bool known = visit_dtype<float, double, Half, BFloat16>(tensor.dtype(), [&]<class S>() {
    const S* from = tensor.data<S>();
    for (int64_t i = 0, count = tensor.elements(); i < count; ++i) to[i] = static_cast<T>(from[i]);
  });
  if (!known) bad_input(tensor.str() + " does not hold floats");
}

/// The elements of a float tensor as T: the tensor's own memory, or a copy in scratch.
template <class T>
const T* widen(const Operands& io, const Tensor& tensor) {
  if (tensor.dtype() == dtype_of<T>) return tensor.data<T>();
  T* wide = io.scratch<T>(tensor.elements());
  widen_to(tensor, wide);
  return wide;
}

/// For OpBuilder::prepack: a constant of a narrower float type as a float tensor; null for others and for a null
/// tensor.
inline std::shared_ptr<const Tensor> widen_constant(const Tensor* tensor) {
  if (tensor == nullptr || !is_float(tensor->dtype())) return nullptr;
  if (tensor->dtype() == DType::F32 || tensor->dtype() == DType::F64) return nullptr;
  auto wide = std::make_shared<Tensor>(DType::F32, tensor->shape());
  widen_to(*tensor, wide->mutable_data<float>());
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
        data_(tensor.dtype() == dtype_of<T> ? tensor.mutable_data<T>() : io.scratch<T>(tensor.elements())) {}

  T* data() const { return data_; }
  void store() const {
    visit_dtype<float, double, Half, BFloat16>(tensor_.dtype(), [&]<class S>() {
      if constexpr (!std::is_same_v<S, T>) {
        S* to = tensor_.mutable_data<S>();
        for (int64_t i = 0, count = tensor_.elements(); i < count; ++i) {
          if constexpr (std::is_same_v<S, double>) {
            to[i] = static_cast<double>(data_[i]);
          } else {
            to[i] = S(static_cast<float>(data_[i]));
          }
        }
      }
    });
  }

 private:
  Tensor& tensor_;
  T* data_;
};

}  // namespace mica
