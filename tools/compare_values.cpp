#include "tools/compare_values.h"

#include <fmt/core.h>

#include <cmath>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/half.h"

namespace mica::tools {
namespace {

bool is_floating(DType dtype) {
  return is_float(dtype) || types::float8.contains(dtype) || types::complex.contains(dtype) || dtype == DType::F4E2M1 ||
         dtype == DType::F8E8M0;
}

// Packed elements, the first in the lowest bits.
std::vector<double> unpack(const Tensor& tensor) {
  const int bits = bit_width(tensor.dtype());
  const int per_byte = 8 / bits;
  const bool is_signed = tensor.dtype() == DType::I4 || tensor.dtype() == DType::I2;
  std::vector<double> values;
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    const int byte = tensor.data<uint8_t>()[i / per_byte];
    int code = (byte >> (i % per_byte * bits)) & ((1 << bits) - 1);
    if (tensor.dtype() == DType::F4E2M1) {
      values.push_back(decode_small_float(static_cast<uint8_t>(code), kE2M1));
      continue;
    }
    if (is_signed && code >= 1 << (bits - 1)) code -= 1 << bits;
    values.push_back(code);
  }
  return values;
}

template <class T>
std::vector<double> convert(const Tensor& tensor) {
  std::vector<double> values(static_cast<size_t>(tensor.elements()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(tensor.data<T>()[i]);
  return values;
}

bool close(double expected, double actual, const Tolerance& tolerance) {
  if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) && std::isnan(actual);
  if (std::isinf(expected) || std::isinf(actual)) return expected == actual;
  return std::fabs(actual - expected) <= tolerance.atol + tolerance.rtol * std::fabs(expected);
}

Difference compare_floats(const Tensor& expected, const Tensor& actual, const Tolerance& tolerance) {
  Difference difference;
  const auto e = to_doubles(expected);
  const auto a = to_doubles(actual);
  difference.elements = static_cast<int64_t>(e.size());
  double worst_excess = -1;
  for (size_t i = 0; i < e.size(); ++i) {
    const double gap = std::fabs(a[i] - e[i]);
    if (std::isfinite(gap)) {
      difference.max_abs = std::max(difference.max_abs, gap);
      if (e[i] != 0) difference.max_rel = std::max(difference.max_rel, gap / std::fabs(e[i]));
    }
    if (close(e[i], a[i], tolerance)) continue;
    ++difference.mismatches;
    const double excess = std::isfinite(gap) ? gap - tolerance.rtol * std::fabs(e[i]) : HUGE_VAL;
    if (excess > worst_excess) {
      worst_excess = excess;
      difference.worst = static_cast<int64_t>(i);
    }
  }
  if (difference.mismatches > 0) {
    const size_t at = static_cast<size_t>(difference.worst);
    difference.text = fmt::format("{} of {} elements differ, max abs {:.3g}; at {} expected {:.9g}, got {:.9g}",
                                  difference.mismatches, e.size(), difference.max_abs, at, e[at], a[at]);
  }
  return difference;
}

Difference compare_exactly(const Tensor& expected, const Tensor& actual) {
  Difference difference;
  difference.elements = expected.elements();
  const auto differ = [&](int64_t i) {
    if (expected.dtype() == DType::String) return expected.data<std::string>()[i] != actual.data<std::string>()[i];
    const size_t size = static_cast<size_t>(bit_width(expected.dtype()) / 8);
    return std::memcmp(expected.data<char>() + i * size, actual.data<char>() + i * size, size) != 0;
  };
  for (int64_t i = 0; i < difference.elements; ++i) {
    if (!differ(i)) continue;
    if (difference.mismatches++ == 0) difference.worst = i;
  }
  if (difference.mismatches == 0) return difference;
  std::string values;
  const size_t at = static_cast<size_t>(difference.worst);
  if (expected.dtype() == DType::String) {
    values =
        fmt::format("expected \"{}\", got \"{}\"", expected.data<std::string>()[at], actual.data<std::string>()[at]);
  } else {
    values = fmt::format("expected {}, got {}", to_doubles(expected)[at], to_doubles(actual)[at]);
  }
  difference.text =
      fmt::format("{} of {} elements differ; at {} {}", difference.mismatches, difference.elements, at, values);
  return difference;
}

}  // namespace

std::vector<double> to_doubles(const Tensor& tensor) {
  if (is_sub_byte(tensor.dtype())) return unpack(tensor);
  if (tensor.dtype() == DType::C64 || tensor.dtype() == DType::C128) {
    const DType part = tensor.dtype() == DType::C64 ? DType::F32 : DType::F64;
    return to_doubles(Tensor::over(part, Shape{2 * tensor.elements()}, tensor.raw(), nullptr));
  }
  std::vector<double> values;
  visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t,
              bool, Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0>(
      tensor.dtype(), [&]<class T>() { values = convert<T>(tensor); });
  return values;
}

Difference compare(const Tensor& expected, const Tensor& actual, const Tolerance& tolerance) {
  if (expected.dtype() != actual.dtype() || expected.shape() != actual.shape()) {
    Difference difference;
    difference.text = difference.incomparable = "expected " + expected.str() + ", got " + actual.str();
    return difference;
  }
  if (is_floating(expected.dtype()) || is_sub_byte(expected.dtype())) {
    return compare_floats(expected, actual, is_floating(expected.dtype()) ? tolerance : Tolerance{0, 0});
  }
  return compare_exactly(expected, actual);
}

std::string compare(const Datum& expected, const Datum& actual, const Tolerance& tolerance) {
  if (expected.kind != actual.kind) return "expected " + expected.str() + ", got " + actual.str();
  if (expected.is_tensor()) return compare(expected.tensor, actual.tensor, tolerance).text;
  if (expected.items.size() != actual.items.size()) return "expected " + expected.str() + ", got " + actual.str();
  for (size_t i = 0; i < expected.items.size(); ++i) {
    const std::string text = compare(expected.items[i], actual.items[i], tolerance);
    if (!text.empty()) return "item " + std::to_string(i) + ": " + text;
  }
  return "";
}

}  // namespace mica::tools
