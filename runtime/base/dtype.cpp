#include "runtime/base/dtype.h"

#include <array>
#include <limits>

namespace mica {
namespace {

struct Info {
  std::string_view name;
  int bits;
};

// clang-format off
// Indexed by the value of DType.
constexpr std::array<Info, kDTypeCount> kInfo = {{
    {"undefined", 0},
    {"float", 32},
    {"uint8", 8},
    {"int8", 8},
    {"uint16", 16},
    {"int16", 16},
    {"int32", 32},
    {"int64", 64},
    {"string", 8 * sizeof(std::string)},
    {"bool", 8},
    {"float16", 16},
    {"double", 64},
    {"uint32", 32},
    {"uint64", 64},
    {"complex64", 64},
    {"complex128", 128},
    {"bfloat16", 16},
    {"float8e4m3fn", 8},
    {"float8e4m3fnuz", 8},
    {"float8e5m2", 8},
    {"float8e5m2fnuz", 8},
    {"uint4", 4},
    {"int4", 4},
    {"float4e2m1", 4},
    {"float8e8m0", 8},
    {"uint2", 2},
    {"int2", 2},
}};
// clang-format on

const Info& info(DType dtype) {
  return kInfo[static_cast<size_t>(dtype) < kInfo.size() ? static_cast<size_t>(dtype) : 0];
}

}  // namespace

int bit_width(DType dtype) {
  return info(dtype).bits;
}

std::optional<size_t> byte_size(DType dtype, int64_t count) {
  const uint64_t bits = static_cast<uint64_t>(bit_width(dtype));
  if (count < 0 || bits == 0) return std::nullopt;
  const uint64_t n = static_cast<uint64_t>(count);
  if (n > (static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) - 7) / bits) return std::nullopt;
  return static_cast<size_t>((n * bits + 7) / 8);
}

std::string_view name(DType dtype) {
  return info(dtype).name;
}

std::optional<DType> dtype_from_name(std::string_view name) {
  for (size_t i = 1; i < kInfo.size(); ++i) {
    if (kInfo[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::optional<DType> dtype_from_onnx(int64_t number) {
  if (number < 1 || number >= kDTypeCount) return std::nullopt;
  return static_cast<DType>(number);
}

std::string DTypeSet::str() const {
  std::string text;
  for (int i = 1; i < kDTypeCount; ++i) {
    const DType dtype = static_cast<DType>(i);
    if (!contains(dtype)) continue;
    if (!text.empty()) text += ", ";
    text += mica::name(dtype);
  }
  return text;
}

}  // namespace mica
