// Elements in memory and the types they are computed in: float for float and narrower, double for double, and int64 for
// whole numbers and truth values.
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/number.h"

namespace mica::cuda {

template <class T>
struct WideOf {
  using Type = float;
};
template <>
struct WideOf<double> {
  using Type = double;
};
template <class T>
using Wide = typename WideOf<T>::Type;

__device__ inline float widen(float x) {
  return x;
}
__device__ inline double widen(double x) {
  return x;
}
__device__ inline float widen(__half x) {
  return __half2float(x);
}
__device__ inline float widen(__nv_bfloat16 x) {
  return __bfloat162float(x);
}

template <class T, class W>
__device__ T narrow(W x) {
  return static_cast<T>(x);
}
template <>
__device__ inline __half narrow<__half, float>(float x) {
  return __float2half_rn(x);
}
template <>
__device__ inline __nv_bfloat16 narrow<__nv_bfloat16, float>(float x) {
  return __float2bfloat16_rn(x);
}

/// Calls f.template operator()<T>() with the type of a float's elements. False, without a call, for other numbers.
template <class F>
bool visit_float(Number number, F&& f) {
  switch (number) {
    case Number::F32:
      return f.template operator()<float>(), true;
    case Number::F16:
      return f.template operator()<__half>(), true;
    case Number::BF16:
      return f.template operator()<__nv_bfloat16>(), true;
    case Number::F64:
      return f.template operator()<double>(), true;
    default:
      return false;
  }
}

/// Calls f.template operator()<T>() with a type that has the width of an element, in bytes: 1, 2, 4, 8 or 16.
template <class F>
bool visit_width(int64_t width, F&& f) {
  switch (width) {
    case 1:
      return f.template operator()<uint8_t>(), true;
    case 2:
      return f.template operator()<uint16_t>(), true;
    case 4:
      return f.template operator()<uint32_t>(), true;
    case 8:
      return f.template operator()<uint64_t>(), true;
    case 16:
      return f.template operator()<int4>(), true;
    default:
      return false;
  }
}

/// Of a float or narrower float.
__device__ inline float load_float(const void* data, Number number, int64_t i) {
  switch (number) {
    case Number::F16:
      return widen(static_cast<const __half*>(data)[i]);
    case Number::BF16:
      return widen(static_cast<const __nv_bfloat16*>(data)[i]);
    default:
      return static_cast<const float*>(data)[i];
  }
}

/// To a float or narrower float.
__device__ inline void store_float(void* data, Number number, int64_t i, float value) {
  switch (number) {
    case Number::F16:
      static_cast<__half*>(data)[i] = narrow<__half>(value);
      break;
    case Number::BF16:
      static_cast<__nv_bfloat16*>(data)[i] = narrow<__nv_bfloat16>(value);
      break;
    default:
      static_cast<float*>(data)[i] = value;
  }
}

__device__ inline int64_t load_integer(const void* data, Number number, int64_t i) {
  switch (number) {
    case Number::U8:
      return static_cast<const uint8_t*>(data)[i];
    case Number::Bool:
      return static_cast<const uint8_t*>(data)[i] != 0;
    case Number::I8:
      return static_cast<const int8_t*>(data)[i];
    case Number::U16:
      return static_cast<const uint16_t*>(data)[i];
    case Number::I16:
      return static_cast<const int16_t*>(data)[i];
    case Number::U32:
      return static_cast<const uint32_t*>(data)[i];
    case Number::I32:
      return static_cast<const int32_t*>(data)[i];
    default:
      return static_cast<const int64_t*>(data)[i];
  }
}

/// Keeps the lowest bits.
__device__ inline void store_integer(void* data, Number number, int64_t i, int64_t value) {
  switch (number) {
    case Number::U8:
    case Number::I8:
      static_cast<uint8_t*>(data)[i] = static_cast<uint8_t>(value);
      break;
    case Number::Bool:
      static_cast<uint8_t*>(data)[i] = value != 0;
      break;
    case Number::U16:
    case Number::I16:
      static_cast<uint16_t*>(data)[i] = static_cast<uint16_t>(value);
      break;
    case Number::U32:
    case Number::I32:
      static_cast<uint32_t*>(data)[i] = static_cast<uint32_t>(value);
      break;
    default:
      static_cast<int64_t*>(data)[i] = value;
  }
}

/// First index and stride of a thread that shares elements with all others of the grid.
__device__ inline int64_t first_element() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline int64_t element_stride() {
  return static_cast<int64_t>(gridDim.x) * blockDim.x;
}

}  // namespace mica::cuda
