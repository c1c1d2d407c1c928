// Functions of one element. Which one is decided in the kernel: memory is what takes the time, and one kernel for each
// function and type would be a hundred.
#include "kernels/elementwise/element_functions.cuh"

namespace mica::cuda {
namespace {

template <class T>
__global__ void unary_kernel(UnaryFunction function, const T* x, T* y, int64_t count, float alpha, float beta) {
  for (int64_t i = first_element(); i < count; i += element_stride()) {
    y[i] = narrow<T>(apply<Wide<T>>(function, widen(x[i]), alpha, beta));
  }
}

__global__ void integer_unary_kernel(UnaryCall call) {
  for (int64_t i = first_element(); i < call.count; i += element_stride()) {
    const int64_t x = load_integer(call.x, call.number, i);
    int64_t y = x;
    switch (call.function) {
      case UnaryFunction::Abs:
        y = x < 0 ? 0 - static_cast<uint64_t>(x) : x;
        break;
      case UnaryFunction::BitwiseNot:
        y = ~x;
        break;
      case UnaryFunction::Neg:
        y = 0 - static_cast<uint64_t>(x);
        break;
      case UnaryFunction::Not:
        y = x == 0;
        break;
      case UnaryFunction::Relu:
        y = x < 0 ? 0 : x;
        break;
      case UnaryFunction::Sign:
        y = (x > 0) - (x < 0);
        break;
      default:
        break;
    }
    store_integer(call.y, call.number, i, y);
  }
}

template <class T>
__global__ void float_test_kernel(FloatTestCall call) {
  for (int64_t i = first_element(); i < call.count; i += element_stride()) {
    const auto x = widen(static_cast<const T*>(call.x)[i]);
    call.y[i] = call.test == FloatTest::IsNaN ? isnan(x) : isinf(x) && (x < 0 ? call.negative : call.positive);
  }
}

}  // namespace

void launch_unary(const UnaryCall& call, void* stream) {
  if (call.count == 0) return;
  visit_float(call.number, [&]<class T>() {
    launch(unary_kernel<T>, over_elements(call.count), stream, call.function, static_cast<const T*>(call.x),
           static_cast<T*>(call.y), call.count, call.alpha, call.beta);
  });
}

void launch_integer_unary(const UnaryCall& call, void* stream) {
  if (call.count == 0) return;
  launch(integer_unary_kernel, over_elements(call.count), stream, call);
}

void launch_float_test(const FloatTestCall& call, void* stream) {
  if (call.count == 0) return;
  visit_float(call.number, [&]<class T>() { launch(float_test_kernel<T>, over_elements(call.count), stream, call); });
}

}  // namespace mica::cuda
