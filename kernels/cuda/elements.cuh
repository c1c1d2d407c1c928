// Elements of tensors of any number as kernels compute with them.
#pragma once

#include "kernels/cuda/element.cuh"

namespace mica::cuda {

/// T is the type of a float's elements, or int64_t for whole numbers but uint64, which are read and written by their
/// Number. W is what they are computed in.
template <class T>
struct Elements {
  using W = Wide<T>;
  __device__ static W load(const void* data, Number, int64_t i) { return widen(static_cast<const T*>(data)[i]); }
  __device__ static void store(void* data, Number, int64_t i, W value) { static_cast<T*>(data)[i] = narrow<T>(value); }
};
template <>
struct Elements<int64_t> {
  using W = int64_t;
  __device__ static W load(const void* data, Number number, int64_t i) { return load_integer(data, number, i); }
  __device__ static void store(void* data, Number number, int64_t i, W value) { store_integer(data, number, i, value); }
};

/// Calls f.template operator()<T>() with the T of Elements<T>.
template <class F>
void visit_elements(Number number, F&& f) {
  if (!visit_float(number, f)) f.template operator()<int64_t>();
}

}  // namespace mica::cuda
