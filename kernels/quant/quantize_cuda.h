// Launchers of the CUDA kernels of QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear.
#pragma once

#include "kernels/quant/quant_numbers.h"

namespace mica::cuda {

/// Which scale and zero point an element of [outer, dim, inner] has.
struct Granules {
  int64_t dim = 1, inner = 1;
  int64_t block = 0, blocks = 1;  ///< places of an axis in a block, and blocks of it; block 0: as many as places

  /// The number of the parameter of an element.
  constexpr int64_t of(int64_t i) const {
    const int64_t place = i / inner % dim;
    return block == 0 ? place : (i / inner / dim * blocks + place / block) * inner + i % inner;
  }
};

/// y = saturate(round(x / scale) + zero), of floats or int32 to whole numbers of 8 or 16 bits. Operands of the division
/// and what comes of it are rounded to `precision`.
struct QuantizeCall {
  Number from, to, precision;
  const void* x;
  void* y;
  int64_t count;
  QuantNumbers scale, zero;
  Granules granules;
};
void launch_quantize(const QuantizeCall& call, void* stream);

/// y = (x - zero) * scale, of whole numbers up to 32 bits to a float of up to 32 bits.
struct DequantizeCall {
  Number from, to;
  const void* x;
  void* y;
  int64_t count;
  QuantNumbers scale, zero;
  Granules granules;
};
void launch_dequantize(const DequantizeCall& call, void* stream);

/// The scale and zero point by which the range of x, 0 included, becomes that of uint8.
struct DynamicScaleCall {
  static constexpr int kPartials = 256;
  const float* x;
  int64_t count;
  float* partials;  ///< scratch for 2 * kPartials numbers
  float* scale;
  uint8_t* zero;
};
void launch_dynamic_scale(const DynamicScaleCall& call, void* stream);

}  // namespace mica::cuda
