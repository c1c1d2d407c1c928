// Storage types narrower than float. Arithmetic is done in float; these convert, rounding to nearest even.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace mica {

/// IEEE 754 binary16.
struct Half {
  uint16_t bits = 0;

  Half() = default;
  explicit Half(float value) : bits(encode(value)) {}
  operator float() const { return decode(bits); }

  static uint16_t encode(float value) {
    const uint32_t x = std::bit_cast<uint32_t>(value);
    const uint32_t sign = (x >> 16) & 0x8000u;
    const uint32_t magnitude = x & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);   // NaN
    if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);  // rounds to infinity
    if (magnitude < 0x38800000u) {                                               // subnormal: 2^-24 per unit
      const float scaled = std::bit_cast<float>(magnitude) + 0.5f;               // 0.5 has units of 2^-24
      return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(scaled) - 0x3f000000u));
    }
    const uint32_t odd = (magnitude >> 13) & 1u;
    return static_cast<uint16_t>(sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
  }

  static float decode(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
    const uint32_t magnitude = half & 0x7fffu;
    if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
    if (magnitude < 0x0400u) {
      const float value = static_cast<float>(magnitude) * 0x1p-24f;
      return std::bit_cast<float>(std::bit_cast<uint32_t>(value) | sign);
    }
    return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000u));
  }
};

/// The upper half of a float.
struct BFloat16 {
  uint16_t bits = 0;

  BFloat16() = default;
  explicit BFloat16(float value) : bits(encode(value)) {}
  operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

  static uint16_t encode(float value) {
    const uint32_t x = std::bit_cast<uint32_t>(value);
    if ((x & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((x >> 16) | 0x40u);  // quiet NaN
    return static_cast<uint16_t>((x + 0x7fffu + ((x >> 16) & 1u)) >> 16);
  }
};

/// Formats of the OCP 8-bit and the GraphCore/AMD "FNUZ" floating point types, and OCP MX E2M1 and E8M0.
/// Sources: ONNX "Float stored in 8 bits", https://onnx.ai/onnx/technical/float8.html, and OCP MX v1.0.
struct SmallFloatFormat {
  int exponent_bits;
  int mantissa_bits;
  int bias;
  bool has_infinity;  ///< the top exponent holds infinity and NaN as in IEEE
  bool fnuz;          ///< no negative zero, whose code is the only NaN
  bool has_nan = true;
};
inline constexpr SmallFloatFormat kE4M3FN{4, 3, 7, false, false};
inline constexpr SmallFloatFormat kE4M3FNUZ{4, 3, 8, false, true};
inline constexpr SmallFloatFormat kE5M2{5, 2, 15, true, false};
inline constexpr SmallFloatFormat kE5M2FNUZ{5, 2, 16, false, true};
inline constexpr SmallFloatFormat kE2M1{2, 1, 1, false, false, false};

float decode_small_float(uint8_t code, const SmallFloatFormat& format);
/// Rounds to nearest even. Beyond the largest finite value: that value when `saturate`, else infinity or NaN.
uint8_t encode_small_float(float value, const SmallFloatFormat& format, bool saturate);

template <const SmallFloatFormat& Format>
struct SmallFloat {
  uint8_t bits = 0;

  SmallFloat() = default;
  explicit SmallFloat(float value, bool saturate = true) : bits(encode_small_float(value, Format, saturate)) {}
  operator float() const { return decode_small_float(bits, Format); }
};

struct Float8E4M3FN : SmallFloat<kE4M3FN> {
  using SmallFloat::SmallFloat;
};
struct Float8E4M3FNUZ : SmallFloat<kE4M3FNUZ> {
  using SmallFloat::SmallFloat;
};
struct Float8E5M2 : SmallFloat<kE5M2> {
  using SmallFloat::SmallFloat;
};
struct Float8E5M2FNUZ : SmallFloat<kE5M2FNUZ> {
  using SmallFloat::SmallFloat;
};

/// A power of two, 2^(bits - 127); 255 is NaN. Used as a scale.
struct Float8E8M0 {
  uint8_t bits = 0;

  Float8E8M0() = default;
  operator float() const { return bits == 255 ? std::nanf("") : std::ldexp(1.0f, static_cast<int>(bits) - 127); }
};

}  // namespace mica
