#include "kernels/quant/quantize_steps.h"

#include "kernels/quant/codes.h"

namespace mica {
namespace {

// y[i] = f(x[i], parameters[i * step]).
template <class X, class P, class Y, class F>
void apply(const X* x, const P* parameters, int64_t step, int64_t count, Y* y, F f) {
  if (step == 0) {
    const P parameter = *parameters;
    for (int64_t i = 0; i < count; ++i) y[i] = f(x[i], parameter);
  } else {
    for (int64_t i = 0; i < count; ++i) y[i] = f(x[i], parameters[i]);
  }
}

}  // namespace

void divide_by_scales(const float* x, const float* scales, int64_t step, int64_t count, float* q) {
  apply(x, scales, step, count, q, [](float a, float b) { return a / b; });
}

void divide_by_scales(const double* x, const double* scales, int64_t step, int64_t count, float* q) {
  apply(x, scales, step, count, q, [](double a, double b) { return static_cast<float>(a / b); });
}

void store_codes(const float* q, const float* zeros, int64_t step, int64_t count, DType dtype, void* y) {
  constexpr float kUnits = 0x1.8p23f;  // sums with it are rounded to even integers; the range is far smaller
  const IntegerRange range = integer_range(dtype);
  const auto code = [range](float x, float zero) {
    const float low = range.low - zero, high = range.high - zero;
    const float above = x > low ? x : low;
    const float within = above < high ? above : high;
    return static_cast<int32_t>(within + kUnits - kUnits + zero);
  };
  if (bit_width(dtype) == 16) {
    apply(q, zeros, step, count, static_cast<int16_t*>(y),
          [code](float x, float zero) { return static_cast<int16_t>(code(x, zero)); });
  } else {
    apply(q, zeros, step, count, static_cast<int8_t*>(y),
          [code](float x, float zero) { return static_cast<int8_t>(code(x, zero)); });
  }
}

void subtract_zeros(const int32_t* x, const int32_t* zeros, int64_t step, int64_t count, float* d) {
  apply(x, zeros, step, count, d,
        [](int32_t a, int32_t b) { return static_cast<float>(static_cast<double>(a) - static_cast<double>(b)); });
}

void multiply_by_scales(const float* d, const float* scales, int64_t step, int64_t count, float* y) {
  apply(d, scales, step, count, y, [](float a, float b) { return a * b; });
}

}  // namespace mica
