// A vector of floats, for the files that are compiled once per instruction set (*.simd.cpp).
//
// The build compiles such a file with MICA_ISA (the namespace of the instruction set: isa_scalar, isa_avx2 ...) and
// MICA_VEC_HEADER (its vec_<isa>.h) defined. These files, and all they include, use C headers and Mica's own only: an
// inline function of the standard library, compiled here with the flags of one instruction set, can be the copy that
// the linker keeps for the whole program. tests/unit/isa_symbols_test checks it.
//
// A vec_<isa>.h states, in lines that the build reads:
//   // isa: avx2                 its name, and `isa_avx2` is its namespace
//   // arch: x86_64              architecture it is for, or `any`
//   // flags: -mavx2 -mfma       compiler flags
//   // needs: avx2 fma           CPU features, by the names of backends/cpu/features.h
//   // rank: 2                   the highest that the CPU can run is chosen
//   // extends: avx2             optional: only files with a line `// extensions: <isa> ...` that names it are compiled
//                                for it; of all others the tables of the extended one serve
//
// and defines, in its namespace, with n in [0, kLanes] counting lanes from the first:
//   kLanes, kRegisters             floats in a Vec; vector registers
//   kMasks                         whether load(p, n) and store(p, v, n) take no longer than those without n
//   Vec, Mask                      kLanes floats; kLanes booleans
//   splat(x)
//   load(p), store(p, v)           no alignment needed
//   load(p, n), store(p, v, n)     touch n elements only; other lanes are loaded as 0
//   load_f16, store_f16, load_bf16, store_bf16, with and without n: storage of runtime/base/half.h as uint16_t; a store
//                                  rounds to nearest even and keeps a NaN a NaN
//   load_u8, load_s8, load_i32     with and without n: integers as floats; an int32 is rounded to nearest even
//   load_u4(p, a, b)               the 2 * kLanes nibbles of kLanes bytes, the lower one of each first
//   store_u8, store_s8             with and without n: of values in the range of the type, rounded to nearest even
//   a + b, a - b, a * b, a / b, -a, sqrt(a), abs(a)
//   fma(a, b, c)                   a * b + c, rounded once where the CPU can
//   fnma(a, b, c)                  c - a * b, likewise
//   min(a, b), max(a, b)           a < b ? a : b, a > b ? a : b; so b when either is NaN, or when both are zero
//   round(a), floor(a), ceil(a), trunc(a)   round: to nearest, ties to even
//   copysign(a, b)                 the magnitude of a with the sign of b
//   Ints                           kLanes 32-bit integers, whose sums wrap around
//   splat_ints(x), store_ints(p, a), a + b of Ints
//   a < b, a <= b, a == b          Mask; false for NaN
//   m & n, m | n, !m, any(m)
//   load_bools(p), store_bools(p, m)   with and without n: one byte per lane, 0 or 1; any other is loaded as true
//   select(m, a, b)                m ? a : b
//   scale2(a, n)                   a * 2^n for integral n, |n| <= 250, rounded once
//   exponent(a), mantissa(a)       a = mantissa * 2^exponent, mantissa in [0.75, 1.5), for finite a > 0
//   sum(a), highest(a), lowest(a)  over the lanes; highest and lowest for lanes without NaN
//   transpose(rows)                kLanes vectors as the rows of a square become its columns
#pragma once

#include <stdint.h>

/// Inlined at every optimisation level, so that no copy of it is shared between files.
#define MICA_INLINE inline __attribute__((always_inline))

#include MICA_VEC_HEADER

/// Defines the table that a *.simd.cpp ends in: MICA_SIMD_TABLE(NormKernels, norm_kernels) = {...};
/// The build generates, from this line, what kernels/simd/table.h describes.
#define MICA_SIMD_TABLE(Type, name) \
  extern const Type name##_table;   \
  const Type name##_table

namespace mica::MICA_ISA {

/// How far loops over vectors that stay in registers are unrolled: completely, but not where a vector is one number, in
/// the set that serves where no other does.
inline constexpr int kUnrolled = kLanes > 1 ? 32 : 1;

MICA_INLINE Vec zero() {
  return splat(0.0f);
}

MICA_INLINE Mask is_nan(Vec a) {
  return !(a == a);
}

MICA_INLINE Vec clamp(Vec a, float low, float high) {  ///< NaN stays NaN
  return min(splat(high), max(splat(low), a));
}

/// sum of c[i] * x^i, by Horner's rule.
template <int N>
MICA_INLINE Vec polynomial(Vec x, const float (&c)[N]) {
  Vec y = splat(c[N - 1]);
#pragma GCC unroll 16
  for (int i = N - 2; i >= 0; --i) y = fma(y, x, splat(c[i]));
  return y;
}

/// Whether n lanes are a whole vector, and that is worth a branch.
MICA_INLINE bool is_whole(int n) {
  return !kMasks && n == kLanes;
}

/// Storage types that loops over more than float are templates on. Loops that end in an incomplete vector may do all
/// that are left with the functions that take n.
struct F32 {
  using Type = float;
  static MICA_INLINE Vec load(const float* p) { return MICA_ISA::load(p); }
  static MICA_INLINE Vec load(const float* p, int n) { return is_whole(n) ? load(p) : MICA_ISA::load(p, n); }
  static MICA_INLINE void store(float* p, Vec v) { MICA_ISA::store(p, v); }
  static MICA_INLINE void store(float* p, Vec v, int n) { is_whole(n) ? store(p, v) : MICA_ISA::store(p, v, n); }
};
struct F16 {
  using Type = uint16_t;
  static MICA_INLINE Vec load(const uint16_t* p) { return load_f16(p); }
  static MICA_INLINE Vec load(const uint16_t* p, int n) { return is_whole(n) ? load(p) : load_f16(p, n); }
  static MICA_INLINE void store(uint16_t* p, Vec v) { store_f16(p, v); }
  static MICA_INLINE void store(uint16_t* p, Vec v, int n) { is_whole(n) ? store(p, v) : store_f16(p, v, n); }
};
struct BF16 {
  using Type = uint16_t;
  static MICA_INLINE Vec load(const uint16_t* p) { return load_bf16(p); }
  static MICA_INLINE Vec load(const uint16_t* p, int n) { return is_whole(n) ? load(p) : load_bf16(p, n); }
  static MICA_INLINE void store(uint16_t* p, Vec v) { store_bf16(p, v); }
  static MICA_INLINE void store(uint16_t* p, Vec v, int n) { is_whole(n) ? store(p, v) : store_bf16(p, v, n); }
};

}  // namespace mica::MICA_ISA
