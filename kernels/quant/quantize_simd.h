// Vector loops between floats and 8-bit integers.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// The scale and zero point of a tensor of uint8 or int8.
struct ByteQuantization {
  float scale = 1;
  int32_t zero = 0;

  bool operator==(const ByteQuantization&) const = default;
};

/// y[i] = saturate(round(x[i] / scale) + zero), round: ties to even. A NaN gives the least number.
template <class Byte>
using QuantizeLoop = void (*)(const float* x, float scale, int32_t zero, Byte* y, int64_t n);

/// y[i] = (x[i] - zero) * scale
template <class Byte>
using DequantizeLoop = void (*)(const Byte* x, float scale, int32_t zero, float* y, int64_t n);

/// y[i] = saturate(round(x[i] * scale[i]) + zero)
template <class Byte>
using RequantizeLoop = void (*)(const int32_t* x, const float* scale, int32_t zero, Byte* y, int64_t n);

/// The same with one scale.
template <class Byte>
using RequantizeByOneLoop = void (*)(const int32_t* x, float scale, int32_t zero, Byte* y, int64_t n);

/// A function of two numbers, each by its own scale and zero point.
template <class Byte>
using ByteBinaryLoop = void (*)(const Byte* a, const ByteQuantization& by_a, const Byte* b,
                                const ByteQuantization& by_b, Byte* y, const ByteQuantization& by_y, int64_t n);

/// sums[i] += x[i]
template <class Byte>
using SumLoop = void (*)(const Byte* x, int32_t* sums, int64_t n);

struct QuantizeKernels {
  QuantizeLoop<uint8_t> quantize_u8;
  QuantizeLoop<int8_t> quantize_s8;
  /// y[i] = saturate(round(x[i] * factor) + zero)
  QuantizeLoop<uint8_t> quantize_by_factor_u8;
  DequantizeLoop<uint8_t> dequantize_u8;
  DequantizeLoop<int8_t> dequantize_s8;
  RequantizeLoop<uint8_t> requantize_u8;
  RequantizeLoop<int8_t> requantize_s8;
  RequantizeByOneLoop<uint8_t> requantize_by_one_u8;
  RequantizeByOneLoop<int8_t> requantize_by_one_s8;
  /// y[i] = quantize(dequantize(a[i]) + dequantize(b[i]))
  ByteBinaryLoop<uint8_t> add_u8;
  ByteBinaryLoop<int8_t> add_s8;
  /// y[i] = saturate(round((a[i] - a_zero) * (b[i] - b_zero) * (a_scale * b_scale / y_scale)) + y_zero)
  ByteBinaryLoop<uint8_t> multiply_u8;
  ByteBinaryLoop<int8_t> multiply_s8;
  SumLoop<uint8_t> sum_u8;
  SumLoop<int8_t> sum_s8;
  /// y[i] = x[i] * scale[i] + bias[i]; `bias` may be null.
  void (*scale)(const int32_t* x, const float* scale, const float* bias, float* y, int64_t n);
  /// Widens the range [*low, *high] to hold all of x. NaN are left out.
  void (*range)(const float* x, int64_t n, float* low, float* high);
};

const QuantizeKernels& quantize_kernels();
IsaTables<QuantizeKernels> quantize_kernels_all();

/// The loops of an element type, uint8_t or int8_t.
template <class Byte>
struct ByteLoops;
template <>
struct ByteLoops<uint8_t> {
  static QuantizeLoop<uint8_t> quantize() { return quantize_kernels().quantize_u8; }
  static DequantizeLoop<uint8_t> dequantize() { return quantize_kernels().dequantize_u8; }
  static RequantizeLoop<uint8_t> requantize() { return quantize_kernels().requantize_u8; }
  static RequantizeByOneLoop<uint8_t> requantize_by_one() { return quantize_kernels().requantize_by_one_u8; }
  static ByteBinaryLoop<uint8_t> add() { return quantize_kernels().add_u8; }
  static ByteBinaryLoop<uint8_t> multiply() { return quantize_kernels().multiply_u8; }
  static SumLoop<uint8_t> sum() { return quantize_kernels().sum_u8; }
};
template <>
struct ByteLoops<int8_t> {
  static QuantizeLoop<int8_t> quantize() { return quantize_kernels().quantize_s8; }
  static DequantizeLoop<int8_t> dequantize() { return quantize_kernels().dequantize_s8; }
  static RequantizeLoop<int8_t> requantize() { return quantize_kernels().requantize_s8; }
  static RequantizeByOneLoop<int8_t> requantize_by_one() { return quantize_kernels().requantize_by_one_s8; }
  static ByteBinaryLoop<int8_t> add() { return quantize_kernels().add_s8; }
  static ByteBinaryLoop<int8_t> multiply() { return quantize_kernels().multiply_s8; }
  static SumLoop<int8_t> sum() { return quantize_kernels().sum_s8; }
};

}  // namespace mica
