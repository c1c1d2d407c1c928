// One product at a time, in portable C++.
#pragma once

#include <stdint.h>

namespace mica::isa_scalar {

inline constexpr int kDot = 1;
using RowElement = uint8_t;

MICA_INLINE Ints load_row(const RowElement* p) {
  return splat_ints(*p);
}
MICA_INLINE Ints load_columns(const int8_t* p) {
  return splat_ints(*p);
}
MICA_INLINE Ints load_sums(const int32_t* p) {
  return splat_ints(*p);
}
MICA_INLINE Vec to_floats(Ints a) {
  return {static_cast<float>(static_cast<int32_t>(a.v))};
}
struct Bytes4 {
  uint8_t v[4];
};
MICA_INLINE Bytes4 pack_four(Vec a, Vec b, Vec c, Vec d, int32_t zero, bool is_signed) {
  const float low = static_cast<float>((is_signed ? -128 : 0) - zero);
  const float high = static_cast<float>((is_signed ? 127 : 255) - zero);
  const auto byte = [&](Vec x) {
    return static_cast<uint8_t>(nearest({x.v > low ? x.v < high ? x.v : high : low}) + zero);
  };
  return {{byte(a), byte(b), byte(c), byte(d)}};
}
MICA_INLINE Bytes4 pack_quad(Vec a, Vec b, Vec c, Vec d, int32_t zero, bool is_signed) {
  return pack_four(a, b, c, d, zero, is_signed);
}
template <int parts, int i>
MICA_INLINE void store_part(uint8_t* p, Bytes4 bytes) {
  for (int j = 0; j < 4 / parts; ++j) p[j] = bytes.v[i * 4 / parts + j];
}
template <int i>
MICA_INLINE void store_half(uint8_t* p, Bytes4 bytes, int n) {
  for (int j = 0; j < 2 && j < n; ++j) p[j] = bytes.v[2 * i + j];
}
template <int bits>
MICA_INLINE Ints shifted(Ints a) {
  return {a.v >> bits};
}
MICA_INLINE Ints operator&(Ints a, Ints b) {
  return {a.v & b.v};
}
MICA_INLINE Vec low_nibbles(Ints a) {
  return {static_cast<float>(a.v & 15)};
}
MICA_INLINE Vec low_bytes(Ints a) {
  return {static_cast<float>(a.v & 255)};
}
inline constexpr int kMostByte = 255;
MICA_INLINE Ints dot_bytes(Ints sum, Ints a, Ints b) {
  for (int i = 0; i < 32; i += 8) {
    sum.v += (a.v >> i & 255) * static_cast<uint32_t>(static_cast<int8_t>(b.v >> i & 255));
  }
  return sum;
}
MICA_INLINE Ints lanes_of_rows(const uint8_t* const (&p)[kDot], int n, uint8_t flip) {
  return splat_ints(n > 0 ? *p[0] ^ flip : 0);
}
MICA_INLINE void quads_of_rows(const uint8_t* const (&p)[kDot], uint8_t flip, Ints (&to)[4]) {
  for (int j = 0; j < 4; ++j) to[j] = lanes_of_rows({p[0] + j * kLanes}, kLanes, flip);
}
MICA_INLINE void interleave(const uint8_t* p, int64_t, int n, uint8_t flip, int8_t* to) {
  *to = n > 0 ? static_cast<int8_t>(*p ^ flip) : int8_t{0};
}
MICA_INLINE Ints dot(Ints sum, Ints row, Ints columns) {
  return {sum.v + row.v * columns.v};
}

inline constexpr bool kNativePairs = false;

MICA_INLINE Vec dot_pairs(Vec sum, Vec a, Vec b) {
  const uint32_t high = 0xffff0000u;
  sum.v += from_bits(bits(a.v) & high) * from_bits(bits(b.v) & high);
  sum.v += from_bits(bits(a.v) << 16) * from_bits(bits(b.v) << 16);
  return sum;
}

}  // namespace mica::isa_scalar
