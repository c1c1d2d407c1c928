// Tensors of bytes for tests of quantised operators.
#pragma once

#include <cstdint>
#include <random>

#include "runtime/base/tensor.h"

namespace mica {

/// Elements from all over the range of T, int8_t or uint8_t.
template <class T>
Tensor random_bytes(const Shape& shape, uint32_t seed) {
  std::mt19937 random(seed);
  Tensor tensor(dtype_of<T>, shape);
  for (T& x : tensor.mutable_as<T>()) x = static_cast<T>(random());
  return tensor;
}

}  // namespace mica
