#include "kernels/matmul/activate_simd.h"
#include "kernels/simd/fold.h"
#include "kernels/simd/math.h"

namespace mica::MICA_ISA {
namespace {

template <class F>
MICA_INLINE void each(float* c, int64_t c_row, int64_t rows, int64_t columns, F f) {
  for (int64_t i = 0; i < rows; ++i, c += c_row)
    map<F32, F32>(c, c, columns, [=](Vec x, int64_t, auto...) { return f(x); });
}

template <class F>
MICA_INLINE void each_long(float* c, int64_t c_row, int64_t rows, int64_t columns, F f) {
  for (int64_t i = 0; i < rows; ++i, c += c_row)
    map_long<F32, F32>(c, c, columns, [=](Vec x, int64_t, int) { return f(x); });
}

void activate(const Epilogue& epilogue, float* c, int64_t c_row, int64_t rows, int64_t columns) {
  switch (epilogue.activation) {
    case Epilogue::Activation::None:
      return;
    case Epilogue::Activation::Relu:
      return each(c, c_row, rows, columns, [](Vec x) { return max(zero(), x); });
    case Epilogue::Activation::Clip:
      return each(c, c_row, rows, columns, [&](Vec x) { return clamp(x, epilogue.low, epilogue.high); });
    case Epilogue::Activation::HardSwish:
      return each(c, c_row, rows, columns, [](Vec x) { return x * clamp(fma(x, splat(1.0f / 6), splat(0.5f)), 0, 1); });
    case Epilogue::Activation::Gelu:
      return each_long(c, c_row, rows, columns, [](Vec x) { return gelu(x); });
    case Epilogue::Activation::GeluTanh:
      return each_long(c, c_row, rows, columns, [](Vec x) { return gelu_tanh(x); });
    case Epilogue::Activation::Silu:
      return each_long(c, c_row, rows, columns, [](Vec x) { return x * sigmoid(x); });
    case Epilogue::Activation::Tanh:
      return each_long(c, c_row, rows, columns, [](Vec x) { return tanh(x); });
    case Epilogue::Activation::Sigmoid:
      return each_long(c, c_row, rows, columns, [](Vec x) { return sigmoid(x); });
  }
}

}  // namespace

MICA_SIMD_TABLE(ActivateKernels, activate_kernels) = {
    .activate = activate,
};

}  // namespace mica::MICA_ISA
