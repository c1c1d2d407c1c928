#include "runtime/base/half.h"

#include <limits>

namespace mica {
namespace {

int sign_bit(const SmallFloatFormat& f) {
  return f.exponent_bits + f.mantissa_bits;
}

// By how much a float's mantissa is longer.
int mantissa_shift(const SmallFloatFormat& f) {
  return 23 - f.mantissa_bits;
}

// 2^exponent, of a normal float.
float power_of_two(int exponent) {
  return std::bit_cast<float>((exponent + 127) << 23);
}

uint8_t nan_code(const SmallFloatFormat& f, bool negative) {
  const int sign = sign_bit(f);
  if (f.fnuz) return static_cast<uint8_t>(1 << sign);
  return static_cast<uint8_t>(((1 << sign) - 1) | (negative ? 1 << sign : 0));
}

// Largest finite magnitude, as a code without its sign.
int max_code(const SmallFloatFormat& f) {
  const int all = (1 << sign_bit(f)) - 1;
  if (f.has_infinity) return all - (1 << f.mantissa_bits);
  return f.fnuz || !f.has_nan ? all : all - 1;
}

}  // namespace

float decode_small_float(uint8_t code, const SmallFloatFormat& f) {
  const int sign = sign_bit(f);
  const bool negative = ((code >> sign) & 1) != 0;
  const int magnitude = code & ((1 << sign) - 1);
  if (f.fnuz && negative && magnitude == 0) return std::numeric_limits<float>::quiet_NaN();
  if (!f.fnuz && f.has_nan && magnitude > max_code(f)) {
    const bool infinite = f.has_infinity && magnitude == max_code(f) + 1;
    const float value = infinite ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    return negative ? -value : value;
  }
  const int exponent = magnitude >> f.mantissa_bits;
  const uint32_t normal = static_cast<uint32_t>(magnitude + ((127 - f.bias) << f.mantissa_bits)) << mantissa_shift(f);
  const float value = exponent == 0 ? static_cast<float>(magnitude) * power_of_two(1 - f.bias - f.mantissa_bits)
                                    : std::bit_cast<float>(normal);
  return negative ? -value : value;
}

uint8_t encode_small_float(float value, const SmallFloatFormat& f, bool saturate) {
  const int sign = sign_bit(f);
  const bool negative = std::signbit(value);
  if (std::isnan(value) && !f.has_nan) return static_cast<uint8_t>(1 << sign);  // -0, for want of a NaN
  if (std::isnan(value)) return nan_code(f, negative);
  const float magnitude = std::fabs(value);
  int code = 0;
  if (magnitude < power_of_two(1 - f.bias)) {  // subnormal: a sum whose last place is their step
    const float shifter = power_of_two(24 - f.bias - f.mantissa_bits);
    code = std::bit_cast<int>(magnitude + shifter) - std::bit_cast<int>(shifter);
  } else {
    const int bits = std::bit_cast<int>(magnitude);
    const int shift = mantissa_shift(f);
    const int odd = (bits >> shift) & 1;
    const int below_half = (1 << (shift - 1)) - 1;
    code = ((bits + below_half + odd) >> shift) - ((127 - f.bias) << f.mantissa_bits);
  }
  if (code > max_code(f)) {
    if (saturate || !f.has_nan) {
      code = max_code(f);
    } else if (f.has_infinity) {
      code = max_code(f) + 1;
    } else {
      return nan_code(f, negative);
    }
  }
  if (f.fnuz && code == 0) return 0;
  return static_cast<uint8_t>(code | (negative ? 1 << sign : 0));
}

}  // namespace mica
