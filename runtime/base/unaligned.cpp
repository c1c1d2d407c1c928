#include "runtime/base/unaligned.h"

#include <algorithm>
#include <string>

namespace mica {

size_t element_alignment(DType dtype) {
  if (dtype == DType::String) return alignof(std::string);
  if (dtype == DType::C64) return alignof(float);
  if (dtype == DType::C128) return alignof(double);
  return std::max<size_t>(1, static_cast<size_t>(bit_width(dtype)) / 8);
}

bool is_aligned(const Tensor& tensor) {
  return reinterpret_cast<uintptr_t>(tensor.raw()) % element_alignment(tensor.dtype()) == 0;
}

Tensor aligned(const Tensor& tensor) {
  return is_aligned(tensor) ? tensor : tensor.clone();
}

}  // namespace mica
