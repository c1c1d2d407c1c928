// Eight neighbours of floats or narrower floats, moved in pieces of 16 bytes where they are aligned to that.
#pragma once

#include "kernels/cuda/element.cuh"

namespace mica::cuda {

struct Eight {
  float of[8];
};

/// The address of element `i` of floats or narrower floats.
__device__ inline void* offset_by(void* data, Number number, int64_t i) {
  return static_cast<char*>(data) + i * (number == Number::F32 ? 4 : 2);
}
__device__ inline const void* offset_by(const void* data, Number number, int64_t i) {
  return static_cast<const char*>(data) + i * (number == Number::F32 ? 4 : 2);
}

namespace detail {

template <class T>
union Sixteen {
  T elements[16 / sizeof(T)];
  int4 whole;
  __device__ Sixteen() : whole() {}
};

template <class T>
__device__ void write_whole(T* to, Eight values) {
  constexpr int kPiece = 16 / sizeof(T);
#pragma unroll
  for (int i = 0; i < 8; i += kPiece) {
    Sixteen<T> piece;
#pragma unroll
    for (int j = 0; j < kPiece; ++j) piece.elements[j] = narrow<T>(values.of[i + j]);
    *reinterpret_cast<int4*>(to + i) = piece.whole;
  }
}

}  // namespace detail

/// Eight as they lie in memory, so that several can be on their way before one is needed.
template <class T>
struct EightStored {
  int4 pieces[sizeof(T) / 2] = {};
};

/// `from` is aligned to 16 bytes.
template <class T>
__device__ EightStored<T> load_eight(const T* from) {
  EightStored<T> stored;
#pragma unroll
  for (size_t i = 0; i < sizeof(T) / 2; ++i) stored.pieces[i] = reinterpret_cast<const int4*>(from)[i];
  return stored;
}

template <class T>
__device__ Eight widen(const EightStored<T>& stored) {
  constexpr int kPiece = 16 / sizeof(T);
  Eight values;
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    detail::Sixteen<T> piece;
    piece.whole = stored.pieces[i / kPiece];
    values.of[i] = widen(piece.elements[i % kPiece]);
  }
  return values;
}

__device__ inline bool aligned_to_16(const void* address) {
  return reinterpret_cast<uintptr_t>(address) % 16 == 0;
}

/// Elements i, i + step ... of F32, F16 or BF16, of which `count` are there; zeros for the others.
__device__ inline Eight read_eight(const void* data, Number number, int64_t i, int64_t step, int count) {
  const void* from = offset_by(data, number, i);
  if (step == 1 && count == 8 && aligned_to_16(from)) {
    if (number == Number::F16) return widen(load_eight(static_cast<const __half*>(from)));
    if (number == Number::BF16) return widen(load_eight(static_cast<const __nv_bfloat16*>(from)));
    return widen(load_eight(static_cast<const float*>(from)));
  }
  Eight values;
#pragma unroll
  for (int j = 0; j < 8; ++j) values.of[j] = j < count ? load_float(from, number, j * step) : 0.0f;
  return values;
}

/// The first `count` of them to elements i, i + 1 ... of F32, F16 or BF16.
__device__ inline void write_eight(void* data, Number number, int64_t i, int count, Eight values) {
  void* to = offset_by(data, number, i);
  if (count == 8 && aligned_to_16(to)) {
    if (number == Number::F16) return detail::write_whole(static_cast<__half*>(to), values);
    if (number == Number::BF16) return detail::write_whole(static_cast<__nv_bfloat16*>(to), values);
    return detail::write_whole(static_cast<float*>(to), values);
  }
#pragma unroll
  for (int j = 0; j < 8; ++j) {
    if (j < count) store_float(to, number, j, values.of[j]);
  }
}

}  // namespace mica::cuda
