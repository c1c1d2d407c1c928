// Output positions of all images of a convolution, counted one after the other.
#pragma once

#include "kernels/conv/conv_cuda.h"
#include "kernels/cuda/launch.cuh"

namespace mica::cuda {

/// An output position of the images.
struct ConvPixel {
  int64_t x;                  ///< where its window begins, of channel 0
  DeviceWindow::Place start;  ///< the same along each axis; outside all of them for pixels that there are not
};
__device__ inline ConvPixel conv_pixel(const ConvShape& shape, uint32_t pixel) {
  const uint32_t image = shape.by_outputs.divide(pixel);
  ConvPixel result;
  result.start = shape.window_at(pixel - image * static_cast<uint32_t>(shape.outputs));
  result.x = static_cast<int64_t>(image) * shape.x_batch + shape.offset(result.start);
  if (image >= static_cast<uint32_t>(shape.batch)) result.start.of[DeviceWindow::kAxes - 1] = INT32_MIN / 2;
  return result;
}
__device__ inline int64_t conv_output(const ConvShape& shape, uint32_t pixel, int32_t filter) {
  const uint32_t image = shape.by_outputs.divide(pixel);
  const uint32_t position = pixel - image * static_cast<uint32_t>(shape.outputs);
  return static_cast<int64_t>(image) * shape.y_batch + position * shape.y_step + filter * shape.y_channel;
}

}  // namespace mica::cuda
