// Floats as kernels compute with them where which float it is is decided as they run: in W, which is double where a
// double takes part, and else float.
#pragma once

#include "kernels/cuda/element.cuh"

namespace mica::cuda {

template <class W>
__device__ W load_wide(const void* data, Number number, int64_t i) {
  if constexpr (sizeof(W) == sizeof(double)) {
    if (number == Number::F64) return static_cast<const double*>(data)[i];
  }
  return load_float(data, number, i);
}

template <class W>
__device__ void store_wide(void* data, Number number, int64_t i, W value) {
  if constexpr (sizeof(W) == sizeof(double)) {
    if (number == Number::F64) {
      static_cast<double*>(data)[i] = value;
      return;
    }
  }
  store_float(data, number, i, static_cast<float>(value));
}

/// Calls f.template operator()<W>().
template <class F>
void visit_wide(bool any_double, F&& f) {
  any_double ? f.template operator()<double>() : f.template operator()<float>();
}

}  // namespace mica::cuda
