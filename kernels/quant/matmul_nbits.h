// Parameters of MatMulNBits (matmul_nbits.op.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

namespace mica {

struct MatMulNBits {
  enum Input : size_t { kA, kB, kScales, kZeros, kGroups, kBias };

  int64_t k = 0, n = 0, bits = 4, block_size = 0, prepacked = 0, accuracy_level = 0;

  int64_t blocks() const { return (k - 1) / block_size + 1; }
  int64_t block_bytes() const { return block_size * bits / 8; }
};

}  // namespace mica
