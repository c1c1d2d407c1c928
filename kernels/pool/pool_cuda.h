// Launcher of the CUDA kernels of poolings.
#pragma once

#include "kernels/conv/window_cuda.h"
#include "kernels/cuda/number.h"

namespace mica::cuda {

enum class PoolFunction : uint8_t { Max, Average };

/// Windows over every channel of `batch` images: the largest element, or the mean. Max: of floats, int8 and uint8.
struct PoolCall : DeviceWindow {
  PoolFunction function;
  Number number;
  const void* x;
  void* y;
  int64_t* indices;           ///< of the maxima, in x flattened, channels being the second axis; null: not wanted
  bool column_major_indices;  ///< counted with the first spatial axis fastest
  bool count_padding;         ///< means divide by the elements of the padding too
  int32_t batch, channels;
};
void launch_pool(const PoolCall& call, void* stream);

}  // namespace mica::cuda
