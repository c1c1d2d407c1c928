#include "tools/inputs/random_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <random>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/half.h"
#include "tools/io/stand_in.h"

namespace mica::tools {
namespace {

constexpr std::array<std::string_view, 8> kWords = {"a", "model", "of", "its", "kind", "runs", "Native", "code"};

// FNV-1a.
uint64_t hash(std::string_view text) {
  uint64_t value = 0xcbf29ce484222325;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return value;
}

// Distributions of our own: those of the standard library differ from one to the next.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  /// In [0, 1).
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * unit(); }
  double integer(double low, double high) { return std::min(low + std::floor((high - low + 1) * unit()), high); }
  /// Box and Muller's transform.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - unit()));
    return radius * std::cos(2 * std::numbers::pi * unit());
  }

 private:
  std::mt19937_64 engine_;
};

ValidValues default_values(DType dtype) {
  switch (dtype) {
    case DType::U8:
      return {ValidValues::Kind::Range, 0, 255, {}};
    case DType::I8:
      return {ValidValues::Kind::Range, -128, 127, {}};
    case DType::Bool:
      return {ValidValues::Kind::Range, 0, 1, {}};
    case DType::U4:
      return {ValidValues::Kind::Range, 0, 15, {}};
    case DType::I4:
      return {ValidValues::Kind::Range, -8, 7, {}};
    case DType::U2:
      return {ValidValues::Kind::Range, 0, 3, {}};
    case DType::I2:
      return {ValidValues::Kind::Range, -2, 1, {}};
    default:
      return is_int(dtype) ? ValidValues{ValidValues::Kind::Range, 0, 9, {}} : ValidValues{};
  }
}

double draw(Random& random, const ValidValues& valid, bool is_integer, size_t at) {
  switch (valid.kind) {
    case ValidValues::Kind::List:
      return valid.list[at % valid.list.size()];
    case ValidValues::Kind::Range:
      return is_integer ? random.integer(std::ceil(valid.low), std::floor(valid.high))
                        : random.uniform(valid.low, valid.high);
    case ValidValues::Kind::Any:
      break;
  }
  return random.normal();
}

template <class T>
T convert(double value) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    const double low = static_cast<double>(std::numeric_limits<T>::min());
    const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if (std::isnan(value) || value < low) return std::numeric_limits<T>::min();
    return value >= end ? std::numeric_limits<T>::max() : static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_same_v<T, double>) {
    return value;
  } else {
    return T(static_cast<float>(value));
  }
}

}  // namespace

Tensor random_tensor(DType dtype, const Shape& shape, const ValidValues& valid, std::string_view name, uint64_t seed) {
  const ValidValues values = valid.kind == ValidValues::Kind::Any ? default_values(dtype) : valid;
  if (const DType wide = stand_in(dtype); wide != dtype) {
    return from_stand_in(random_tensor(wide, shape, values, name, seed), dtype);
  }
  Random random(hash(name) ^ (seed * 0x9e3779b97f4a7c15));
  Tensor tensor(dtype, shape);
  if (dtype == DType::String) {
    for (std::string& text : tensor.mutable_as<std::string>()) {
      text = kWords[static_cast<size_t>(random.integer(0, kWords.size() - 1))];
    }
    return tensor;
  }
  if (dtype == DType::C64 || dtype == DType::C128) {
    const Tensor parts =
        random_tensor(dtype == DType::C64 ? DType::F32 : DType::F64, Shape{2 * shape.elements()}, values, name, seed);
    return Tensor::over(dtype, shape, parts.raw(), parts.owner());
  }
  const bool is_integer = is_int(dtype) || dtype == DType::Bool;
  const bool known =
      visit_dtype<float, double, Half, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, bool>(
          dtype, [&]<class T>() {
            T* elements = tensor.mutable_data<T>();
            const size_t count = static_cast<size_t>(tensor.elements());
            for (size_t i = 0; i < count; ++i) elements[i] = convert<T>(draw(random, values, is_integer, i));
          });
  if (!known) throw Error(ErrorCode::InvalidArgument, "no random values of type " + std::string(mica::name(dtype)));
  return tensor;
}

}  // namespace mica::tools
