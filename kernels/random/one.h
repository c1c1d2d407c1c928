// The number 1 in every element type.
#pragma once

#include <bit>
#include <cstdint>

#include "runtime/base/half.h"

namespace mica {

/// The bits of 1 in a type of numbers or of truth values, as wide as the type from the lowest bit on.
inline uint64_t bits_of_one(DType dtype) {
  switch (dtype) {
    case DType::F32:
      return std::bit_cast<uint32_t>(1.0f);
    case DType::F64:
      return std::bit_cast<uint64_t>(1.0);
    case DType::F16:
      return std::bit_cast<uint16_t>(Half(1.0f));
    case DType::BF16:
      return std::bit_cast<uint16_t>(BFloat16(1.0f));
    default:
      return 1;
  }
}

}  // namespace mica
