#include "kernels/wide_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/float_conversion.h"
#include "kernels/shape/scalar_read.h"

namespace mica {
namespace {

template <class T>
void widen(const void* x, double* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    y[i] = static_cast<double>(sizeof(T) >= 4 && std::is_signed_v<T> ? static_cast<const T*>(x)[i]
                                                                     : scalar_read(static_cast<const T*>(x)[i]));
}

template <class T>
void narrow(const double* x, T* y, int64_t n) {
  constexpr double kLowest = static_cast<double>(std::numeric_limits<T>::lowest());
  constexpr double kMost = static_cast<double>(std::numeric_limits<T>::max());  // of 64 bits one more than that
  for (int64_t i = 0; i < n; ++i) {
    const double value = scalar_read(x[i]);
    y[i] = !(value > kLowest) ? std::numeric_limits<T>::lowest()
           : value >= kMost   ? std::numeric_limits<T>::max()
                              : static_cast<T>(value);
  }
}

template <class F>
void visit_integers(DType dtype, F&& f) {
  visit_dtype<int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t>(dtype, f);
}

// Of up to 2^52 a sum with that is rounded to a whole number; larger ones are whole.
double nearest(double x) {
  const double shift = std::copysign(0x1p52, x);
  return std::fabs(x) < 0x1p52 ? x + shift - shift : x;
}

}  // namespace

void widen_numbers(DType dtype, const void* x, DType wide, void* y, int64_t n) {
  if (is_float(dtype)) return convert_floats(dtype, x, wide, y, n);
  auto* to = static_cast<double*>(y);
  if (dtype == DType::Bool) return widen<uint8_t>(x, to, n);
  visit_integers(dtype, [&]<class T>() { widen<T>(x, to, n); });
}

void narrow_numbers(DType wide, const void* x, WideRounding rounding, DType dtype, void* y, int64_t n) {
  if (is_float(dtype)) return convert_floats(wide, x, dtype, y, n);
  const auto* from = static_cast<const double*>(x);
  constexpr int64_t kBlock = 256;
  double block[kBlock];
  for (int64_t i = 0; i < n; i += kBlock, from += kBlock) {
    const int64_t count = std::min(kBlock, n - i);
    const double* part = from;
    if (rounding == WideRounding::Nearest) {
      for (int64_t j = 0; j < count; ++j) block[j] = nearest(from[j]);
      part = block;
    }
    if (dtype == DType::Bool) {
      for (int64_t j = 0; j < count; ++j) static_cast<bool*>(y)[i + j] = part[j] != 0;
    } else {
      visit_integers(dtype, [&]<class T>() { narrow(part, static_cast<T*>(y) + i, count); });
    }
  }
}

const void* widen_any(const Operands& io, const Tensor& tensor, DType wide) {
  if (tensor.dtype() == wide) return tensor.raw();
  void* elements = io.scratch<double>(tensor.elements());
  if (is_float(tensor.dtype())) {
    convert_floats(tensor.dtype(), tensor.raw(), wide, elements, tensor.elements(), &io.threads());
    return elements;
  }
  widen_numbers(tensor.dtype(), tensor.raw(), wide, elements, tensor.elements());
  return elements;
}

void* stage_wide(const Operands& io, Tensor& tensor, DType wide) {
  return tensor.dtype() == wide ? tensor.mutable_raw() : io.scratch<double>(tensor.elements());
}

void narrow_any(DType wide, const void* staged, WideRounding rounding, Tensor& tensor) {
  if (tensor.dtype() == wide) return;
  narrow_numbers(wide, staged, rounding, tensor.dtype(), tensor.mutable_raw(), tensor.elements());
}

}  // namespace mica
