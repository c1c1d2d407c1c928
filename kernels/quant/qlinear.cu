// Functions of quantised tensors, element by element.
#include "kernels/elementwise/element_functions.cuh"
#include "kernels/quant/qlinear_cuda.h"
#include "kernels/quant/quant_numbers.cuh"

namespace mica::cuda {
namespace {

__global__ void binary_kernel(const __grid_constant__ QLinearBinaryCall call) {
  const float a_scale = scale_at(call.a_by.scale, 0), b_scale = scale_at(call.b_by.scale, 0);
  const float y_scale = scale_at(call.y_by.scale, 0);
  const int32_t a_zero = zero_at(call.a_by.zero, 0), b_zero = zero_at(call.b_by.zero, 0);
  const int32_t y_zero = zero_at(call.y_by.zero, 0);
  const float factor = __fmul_rn(a_scale, b_scale) / y_scale;
  for (int64_t i = first_element(); i < call.walk.elements; i += element_stride()) {
    const auto at = call.walk.at(i);
    float value;
    if (call.product) {
      const int32_t product =
          (code_at(call.a, call.number, at.of[0]) - a_zero) * (code_at(call.b, call.number, at.of[1]) - b_zero);
      value = __fmul_rn(static_cast<float>(product), factor);
    } else {
      value = __fadd_rn(dequantized(call.a, call.number, at.of[0], a_scale, a_zero),
                        dequantized(call.b, call.number, at.of[1], b_scale, b_zero)) /
              y_scale;
    }
    store_integer(call.y, call.number, i, quantized(value, y_zero, call.number));
  }
}

__global__ void map_kernel(const __grid_constant__ QLinearMapCall call) {
  const float x_scale = scale_at(call.x_by.scale, 0), y_scale = scale_at(call.y_by.scale, 0);
  const int32_t x_zero = zero_at(call.x_by.zero, 0), y_zero = zero_at(call.y_by.zero, 0);
  for (int64_t i = first_element(); i < call.walk.elements; i += element_stride()) {
    const auto at = call.walk.at(i);
    const float x = dequantized(call.x, call.number, at.of[0], x_scale, x_zero);
    const float value = apply(call.function, x, call.alpha, 0.0f) / y_scale;
    store_integer(call.y, call.number, at.of[1], quantized(value, y_zero, call.number));
  }
}

__global__ void pool_kernel(const __grid_constant__ QLinearPoolCall call) {
  const float x_scale = scale_at(call.x_by.scale, 0), y_scale = scale_at(call.y_by.scale, 0);
  const int32_t x_zero = zero_at(call.x_by.zero, 0), y_zero = zero_at(call.y_by.zero, 0);
  const int64_t elements = static_cast<int64_t>(call.batch) * call.channels * call.outputs;
  for (int64_t i = first_element(); i < elements; i += element_stride()) {
    const auto [image, channel, position] = pooled_element(call, call.channels, i);
    const DeviceWindow::Place start = call.window_at(static_cast<uint32_t>(position));
    const int64_t x = image * call.x_batch + channel * call.x_channel + call.offset(start);
    int32_t codes = 0;
    for (int32_t tap = 0; tap < call.taps; ++tap) {
      const DeviceWindow::Place distance = call.tap_at(static_cast<uint32_t>(tap));
      if (call.holds(start, distance)) codes += code_at(call.x, call.number, x + call.offset(distance)) - x_zero;
    }
    const float factor = x_scale / static_cast<float>(averaged_elements(call, start, call.count_padding));
    const double mean = static_cast<double>(codes) / static_cast<double>(call.taps);
    const float value = call.whole_planes ? static_cast<float>(mean * static_cast<double>(x_scale))
                                          : __fmul_rn(static_cast<float>(codes), factor);
    const int64_t to = image * call.y_batch + channel * call.y_channel + position * call.y_step;
    store_integer(call.y, call.number, to, quantized(value / y_scale, y_zero, call.number));
  }
}

}  // namespace

void launch_qlinear_binary(const QLinearBinaryCall& call, void* stream) {
  if (call.walk.elements > 0) launch(binary_kernel, over_elements(call.walk.elements), stream, call);
}

void launch_qlinear_map(const QLinearMapCall& call, void* stream) {
  if (call.walk.elements > 0) launch(map_kernel, over_elements(call.walk.elements), stream, call);
}

void launch_qlinear_pool(const QLinearPoolCall& call, void* stream) {
  const int64_t elements = static_cast<int64_t>(call.batch) * call.channels * call.outputs;
  if (elements > 0) launch(pool_kernel, over_elements(elements), stream, call);
}

}  // namespace mica::cuda
