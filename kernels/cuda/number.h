// Element types, for CUDA files. These do not include runtime/base/dtype.h, whose standard headers would triple the
// time that each takes to compile, several times over.
#pragma once

#include <stdint.h>

namespace mica::cuda {

/// Values equal those of DType and of TensorProto.DataType.
enum class Number : uint8_t {
  F32 = 1,
  U8 = 2,
  I8 = 3,
  U16 = 4,
  I16 = 5,
  I32 = 6,
  I64 = 7,
  Bool = 9,
  F16 = 10,
  F64 = 11,
  U32 = 12,
  U64 = 13,
  BF16 = 16,
};

constexpr bool is_float(Number number) {
  return number == Number::F32 || number == Number::F16 || number == Number::BF16 || number == Number::F64;
}

/// Least compute capability for which kernels/cuda/mma.cuh has products of these types.
inline constexpr int kHalfProducts = 75, kBrainProducts = 80, kTf32Products = 80;

}  // namespace mica::cuda
