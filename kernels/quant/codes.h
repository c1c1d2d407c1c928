// Element types of 8 bits and fewer that are handled as codes, one a byte: float8, float4 and the packed integers.
#pragma once

#include "runtime/base/dtype.h"
#include "runtime/base/half.h"

namespace mica {

/// The least and the largest number of an integer type of at most 16 bits; zeros for other types.
struct IntegerRange {
  float low = 0, high = 0;
};
constexpr IntegerRange integer_range(DType dtype) {
  switch (dtype) {
    case DType::U16:
      return {0, 65535};
    case DType::I16:
      return {-32768, 32767};
    case DType::U8:
      return {0, 255};
    case DType::I8:
      return {-128, 127};
    case DType::U4:
      return {0, 15};
    case DType::I4:
      return {-8, 7};
    case DType::U2:
      return {0, 3};
    case DType::I2:
      return {-2, 1};
    default:
      return {};
  }
}

/// Format of a float8 or float4; null for other types.
constexpr const SmallFloatFormat* small_float_format(DType dtype) {
  switch (dtype) {
    case DType::F8E4M3FN:
      return &kE4M3FN;
    case DType::F8E4M3FNUZ:
      return &kE4M3FNUZ;
    case DType::F8E5M2:
      return &kE5M2;
    case DType::F8E5M2FNUZ:
      return &kE5M2FNUZ;
    case DType::F4E2M1:
      return &kE2M1;
    default:
      return nullptr;
  }
}

/// The values of all codes of a type.
struct CodeTable {
  explicit CodeTable(DType dtype) {
    const SmallFloatFormat* format = small_float_format(dtype);
    const IntegerRange range = integer_range(dtype);
    const int count = 1 << bit_width(dtype);
    for (int code = 0; code < count; ++code) {
      const float number = static_cast<float>(code);
      values[code] = format != nullptr     ? decode_small_float(static_cast<uint8_t>(code), *format)
                     : number > range.high ? number - static_cast<float>(count)
                                           : number;
    }
  }
  float values[256];
};

}  // namespace mica
