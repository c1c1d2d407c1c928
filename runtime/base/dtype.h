// Element types of ONNX tensors.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mica {

/// Element type of a tensor. Values equal `TensorProto.DataType` of the ONNX schema.
enum class DType : uint8_t {
  Undefined = 0,
  F32 = 1,
  U8 = 2,
  I8 = 3,
  U16 = 4,
  I16 = 5,
  I32 = 6,
  I64 = 7,
  String = 8,
  Bool = 9,
  F16 = 10,
  F64 = 11,
  U32 = 12,
  U64 = 13,
  C64 = 14,
  C128 = 15,
  BF16 = 16,
  F8E4M3FN = 17,
  F8E4M3FNUZ = 18,
  F8E5M2 = 19,
  F8E5M2FNUZ = 20,
  U4 = 21,
  I4 = 22,
  F4E2M1 = 23,
  F8E8M0 = 24,
  U2 = 25,
  I2 = 26,
};

inline constexpr int kDTypeCount = 27;

/// Bits one element takes in memory. Sub-byte elements are packed, the first element in the lowest bits.
/// A string element is a `std::string` object. 0 for `Undefined`.
int bit_width(DType dtype);

/// Bytes that `count` elements take, the last byte padded; nullopt when `count` is negative or the size overflows.
std::optional<size_t> byte_size(DType dtype, int64_t count);

/// ONNX's name of the type in lower case: "float", "int64", "bfloat16", "float8e4m3fn" ...
std::string_view name(DType dtype);

/// Inverse of `name`; nullopt when there is no such type.
std::optional<DType> dtype_from_name(std::string_view name);

/// The type with this `TensorProto.DataType` number; nullopt when there is none.
std::optional<DType> dtype_from_onnx(int64_t number);

/// A set of element types, used to state what an operator's input accepts.
class DTypeSet {
 public:
  constexpr DTypeSet() = default;
  template <class... Rest>
  constexpr DTypeSet(DType first, Rest... rest) : bits_((bit(first) | ... | bit(rest))) {}

  constexpr bool contains(DType dtype) const { return (bits_ & bit(dtype)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr DTypeSet operator|(DTypeSet other) const { return from_bits(bits_ | other.bits_); }
  constexpr DTypeSet operator-(DTypeSet other) const { return from_bits(bits_ & ~other.bits_); }
  constexpr bool operator==(const DTypeSet&) const = default;
  std::string str() const;  ///< "float, double, int64"

 private:
  static constexpr uint32_t bit(DType dtype) { return uint32_t{1} << static_cast<unsigned>(dtype); }
  static constexpr DTypeSet from_bits(uint32_t bits) {
    DTypeSet set;
    set.bits_ = bits;
    return set;
  }
  uint32_t bits_ = 0;
};

/// Named sets for operator definitions.
namespace types {
inline constexpr DTypeSet floats{DType::F16, DType::F32, DType::F64, DType::BF16};
inline constexpr DTypeSet float8{DType::F8E4M3FN, DType::F8E4M3FNUZ, DType::F8E5M2, DType::F8E5M2FNUZ};
inline constexpr DTypeSet signed_ints{DType::I8, DType::I16, DType::I32, DType::I64};
inline constexpr DTypeSet unsigned_ints{DType::U8, DType::U16, DType::U32, DType::U64};
inline constexpr DTypeSet ints = signed_ints | unsigned_ints;
inline constexpr DTypeSet sub_byte{DType::U4, DType::I4, DType::U2, DType::I2, DType::F4E2M1};
inline constexpr DTypeSet complex{DType::C64, DType::C128};
inline constexpr DTypeSet boolean{DType::Bool};
inline constexpr DTypeSet string{DType::String};
inline constexpr DTypeSet index{DType::I32, DType::I64};
inline constexpr DTypeSet int64{DType::I64};
inline constexpr DTypeSet f32{DType::F32};
inline constexpr DTypeSet numeric = floats | ints;  ///< what arithmetic operators take
inline constexpr DTypeSet any = numeric | boolean | string | complex | float8 | sub_byte | DTypeSet{DType::F8E8M0};
}  // namespace types

constexpr bool is_float(DType dtype) {
  return types::floats.contains(dtype);
}
constexpr bool is_signed_int(DType dtype) {
  return types::signed_ints.contains(dtype);
}
constexpr bool is_int(DType dtype) {
  return types::ints.contains(dtype);
}
constexpr bool is_sub_byte(DType dtype) {
  return types::sub_byte.contains(dtype);
}

struct Half;
struct BFloat16;
struct Float8E4M3FN;
struct Float8E4M3FNUZ;
struct Float8E5M2;
struct Float8E5M2FNUZ;
struct Float8E8M0;

/// `dtype_of<float>` is `DType::F32`, and so on for every C++ type that stores one element.
/// Sub-byte types have no C++ element type.
template <class T>
inline constexpr DType dtype_of = DType::Undefined;
template <>
inline constexpr DType dtype_of<float> = DType::F32;
template <>
inline constexpr DType dtype_of<double> = DType::F64;
template <>
inline constexpr DType dtype_of<Half> = DType::F16;
template <>
inline constexpr DType dtype_of<BFloat16> = DType::BF16;
template <>
inline constexpr DType dtype_of<uint8_t> = DType::U8;
template <>
inline constexpr DType dtype_of<int8_t> = DType::I8;
template <>
inline constexpr DType dtype_of<uint16_t> = DType::U16;
template <>
inline constexpr DType dtype_of<int16_t> = DType::I16;
template <>
inline constexpr DType dtype_of<uint32_t> = DType::U32;
template <>
inline constexpr DType dtype_of<int32_t> = DType::I32;
template <>
inline constexpr DType dtype_of<uint64_t> = DType::U64;
template <>
inline constexpr DType dtype_of<int64_t> = DType::I64;
template <>
inline constexpr DType dtype_of<bool> = DType::Bool;
template <>
inline constexpr DType dtype_of<std::string> = DType::String;
template <>
inline constexpr DType dtype_of<std::complex<float>> = DType::C64;
template <>
inline constexpr DType dtype_of<std::complex<double>> = DType::C128;
template <>
inline constexpr DType dtype_of<Float8E4M3FN> = DType::F8E4M3FN;
template <>
inline constexpr DType dtype_of<Float8E4M3FNUZ> = DType::F8E4M3FNUZ;
template <>
inline constexpr DType dtype_of<Float8E5M2> = DType::F8E5M2;
template <>
inline constexpr DType dtype_of<Float8E5M2FNUZ> = DType::F8E5M2FNUZ;
template <>
inline constexpr DType dtype_of<Float8E8M0> = DType::F8E8M0;

/// Calls `f.template operator()<T>()` with the listed C++ type whose `dtype_of` is `dtype`.
/// Returns false, without a call, when none of them is.
template <class... Ts, class F>
bool visit_dtype(DType dtype, F&& f) {
  bool found = false;
  (void)((dtype_of<Ts> == dtype && (f.template operator()<Ts>(), found = true)) || ...);
  return found;
}

}  // namespace mica
