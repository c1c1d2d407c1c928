#include "tools/io/stand_in.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "runtime/base/half.h"
#include "tools/compare_values.h"

namespace mica::tools {
namespace {

uint8_t code_of(double value, DType dtype) {
  const float narrow = static_cast<float>(value);
  switch (dtype) {
    case DType::F8E4M3FN:
      return encode_small_float(narrow, kE4M3FN, true);
    case DType::F8E4M3FNUZ:
      return encode_small_float(narrow, kE4M3FNUZ, true);
    case DType::F8E5M2:
      return encode_small_float(narrow, kE5M2, true);
    case DType::F8E5M2FNUZ:
      return encode_small_float(narrow, kE5M2FNUZ, true);
    case DType::F4E2M1:
      return encode_small_float(narrow, kE2M1, true);
    case DType::F8E8M0:
      return std::isfinite(value) ? static_cast<uint8_t>(std::clamp(std::ilogb(value), -127, 127) + 127) : uint8_t{255};
    default:
      return static_cast<uint8_t>(static_cast<int>(value));
  }
}

}  // namespace

DType stand_in(DType dtype) {
  if (dtype == DType::I2 || dtype == DType::I4) return DType::I8;
  if (dtype == DType::U2 || dtype == DType::U4) return DType::U8;
  constexpr DTypeSet kNarrowFloats = types::float8 | DTypeSet{DType::BF16, DType::F8E8M0, DType::F4E2M1};
  return kNarrowFloats.contains(dtype) ? DType::F32 : dtype;
}

Tensor to_stand_in(const Tensor& tensor) {
  Tensor result(stand_in(tensor.dtype()), tensor.shape());
  const auto values = to_doubles(tensor);
  visit_dtype<float, int8_t, uint8_t>(result.dtype(), [&]<class T>() {
    std::ranges::transform(values, result.mutable_data<T>(), [](double value) { return static_cast<T>(value); });
  });
  return result;
}

Tensor from_stand_in(const Tensor& tensor, DType dtype) {
  if (tensor.dtype() == dtype) return tensor;
  if (tensor.dtype() != stand_in(dtype)) return {};
  Tensor result(dtype, tensor.shape());
  const auto values = to_doubles(tensor);
  if (dtype == DType::BF16) {
    std::ranges::transform(values, result.mutable_data<BFloat16>(),
                           [](double value) { return BFloat16(static_cast<float>(value)); });
    return result;
  }
  const size_t bits = static_cast<size_t>(bit_width(dtype)), per_byte = 8 / bits;
  uint8_t* codes = result.mutable_data<uint8_t>();
  std::fill_n(codes, result.bytes(), uint8_t{0});
  for (size_t i = 0; i < values.size(); ++i) {
    const int code = code_of(values[i], dtype) & ((1 << bits) - 1);
    codes[i / per_byte] = static_cast<uint8_t>(codes[i / per_byte] | code << (i % per_byte * bits));
  }
  return result;
}

}  // namespace mica::tools
