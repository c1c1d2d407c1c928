#include "kernels/shape/elements.h"

#include <cstring>

namespace mica {

void unpack_elements(const Tensor& packed, int64_t first, int64_t count, uint8_t* elements) {
  const int bits = bit_width(packed.dtype());
  const int per_byte = 8 / bits;
  const uint8_t mask = static_cast<uint8_t>((1 << bits) - 1);
  const uint8_t* bytes = packed.data<uint8_t>() + first / per_byte;
  for (int64_t i = 0; i < count; ++i) {
    elements[i] = static_cast<uint8_t>(bytes[i / per_byte] >> (i % per_byte * bits)) & mask;
  }
}

void pack_elements(const uint8_t* elements, int64_t first, int64_t count, Tensor& packed) {
  const int bits = bit_width(packed.dtype());
  const int per_byte = 8 / bits;
  const int mask = (1 << bits) - 1;
  uint8_t* bytes = packed.mutable_data<uint8_t>() + first / per_byte;
  if (count > 0) std::memset(bytes, 0, static_cast<size_t>((count + per_byte - 1) / per_byte));
  for (int64_t i = 0; i < count; ++i) {
    const int value = (elements[i] & mask) << (i % per_byte * bits);
    bytes[i / per_byte] = static_cast<uint8_t>(bytes[i / per_byte] | value);
  }
}

const void* load(const Operands& io, const Tensor& tensor) {
  if (!is_sub_byte(tensor.dtype())) return tensor.raw();
  uint8_t* elements = io.scratch<uint8_t>(tensor.elements());
  unpack_elements(tensor, elements);
  return elements;
}

void* stage(const Operands& io, Tensor& tensor) {
  return is_sub_byte(tensor.dtype()) ? io.scratch<uint8_t>(tensor.elements()) : tensor.mutable_raw();
}

void store(const void* staged, Tensor& tensor) {
  if (is_sub_byte(tensor.dtype())) pack_elements(static_cast<const uint8_t*>(staged), tensor);
}

}  // namespace mica
