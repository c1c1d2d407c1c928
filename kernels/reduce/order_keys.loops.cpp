#include "kernels/reduce/order_keys.h"

namespace mica {
namespace {

struct Order {
  uint64_t flip;      // all bits for a descending order
  uint64_t sign;      // the bit that tells signs, 0 for unsigned integers
  uint64_t infinity;  // of floats: its bits
  uint64_t nan_key;
};

template <class T>
void integer_keys(const void* x, int64_t n, int64_t stride, const Order& order, uint64_t* keys) {
  const T* from = static_cast<const T*>(x);
  const uint64_t flip = order.flip ^ order.sign;
  for (int64_t i = 0; i < n; ++i) keys[i] = uint64_t{from[i * stride]} ^ flip;
}

// The bits of floats without their sign order as the magnitudes do.
template <class T>
void float_keys(const void* x, int64_t n, int64_t stride, const Order& order, uint64_t* keys) {
  const T* from = static_cast<const T*>(x);
  const uint64_t sign = order.sign, infinity = order.infinity, flip = order.flip, nan_key = order.nan_key;
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t bits = from[i * stride];
    const uint64_t magnitude = bits & ~sign;
    const uint64_t key = (bits & sign) != 0 ? sign - magnitude : sign + magnitude;  // 0 and -0 are equal
    keys[i] = magnitude > infinity ? nan_key : key ^ flip;
  }
}

}  // namespace

bool order_keys(DType dtype, const void* x, int64_t n, int64_t stride, bool descending, bool nan_last, uint64_t* keys) {
  if (!types::numeric.contains(dtype) && dtype != DType::Bool) return false;
  const int bits = bit_width(dtype);
  const bool has_sign = is_float(dtype) || is_signed_int(dtype);
  Order order{descending ? ~uint64_t{0} : 0, has_sign ? uint64_t{1} << (bits - 1) : 0, 0, nan_last ? ~uint64_t{0} : 0};
  switch (dtype) {
    case DType::F64:
      order.infinity = 0x7ff0000000000000;
      float_keys<uint64_t>(x, n, stride, order, keys);
      return true;
    case DType::F32:
      order.infinity = 0x7f800000;
      float_keys<uint32_t>(x, n, stride, order, keys);
      return true;
    case DType::F16:
    case DType::BF16:
      order.infinity = dtype == DType::F16 ? 0x7c00 : 0x7f80;
      float_keys<uint16_t>(x, n, stride, order, keys);
      return true;
    default:
      break;
  }
  if (bits == 8) integer_keys<uint8_t>(x, n, stride, order, keys);
  if (bits == 16) integer_keys<uint16_t>(x, n, stride, order, keys);
  if (bits == 32) integer_keys<uint32_t>(x, n, stride, order, keys);
  if (bits == 64) integer_keys<uint64_t>(x, n, stride, order, keys);
  return true;
}

}  // namespace mica
