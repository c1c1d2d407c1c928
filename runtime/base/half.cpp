#include "runtime/base/half.h"

#include <algorithm>
#include <limits>

namespace mica {
namespace {

int sign_bit(const SmallFloatFormat& f) {
  return f.exponent_bits + f.mantissa_bits;
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
    const float value =
        infinite ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    return negative ? -value : value;
  }
  const int exponent = magnitude >> f.mantissa_bits;
  const int mantissa = magnitude & ((1 << f.mantissa_bits) - 1);
  const float value =
      exponent == 0
          ? std::ldexp(static_cast<float>(mantissa), 1 - f.bias - f.mantissa_bits)
          : std::ldexp(static_cast<float>(mantissa + (1 << f.mantissa_bits)), exponent - f.bias - f.mantissa_bits);
  return negative ? -value : value;
}

uint8_t encode_small_float(float value, const SmallFloatFormat& f, bool saturate) {
  const int sign = sign_bit(f);
  const bool negative = std::signbit(value);
  if (std::isnan(value)) return f.has_nan ? nan_code(f, negative) : static_cast<uint8_t>(max_code(f));
  const float magnitude = std::fabs(value);
  int code;
  if (std::isinf(magnitude)) {
    code = max_code(f) + 1;
  } else {
    int exponent = 0;
    std::frexp(magnitude, &exponent);  // magnitude = m * 2^exponent, m in [0.5, 1)
    if (magnitude == 0) exponent = 1 - f.bias;  // zero is among the subnormals
    const int step = std::max(exponent - 1, 1 - f.bias) - f.mantissa_bits;
    const float units = std::nearbyint(std::ldexp(magnitude, -step));
    const int biased = step + f.mantissa_bits + f.bias;  // >= 1; a subnormal has units < 2^mantissa_bits
    const float wide = std::ldexp(static_cast<float>(biased - 1), f.mantissa_bits) + units;
    code = wide > static_cast<float>(max_code(f)) ? max_code(f) + 1 : static_cast<int>(wide);
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
