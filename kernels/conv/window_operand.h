// What callers of CUDA launchers make of windows at concrete dims.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/conv/window.h"
#include "kernels/conv/window_cuda.h"
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"

namespace mica {

/// How the channels of a tensor lie.
struct ImageLayout {
  int64_t channels;
  bool last;  ///< behind the spatial axes
};

/// `g` of images that lie like this. Throws when it is too large for 32-bit indices.
void set_window(cuda::DeviceWindow& to, const WindowGeometry& g, int64_t batch, ImageLayout x, ImageLayout y);

/// Throws when a count is too large for 32-bit indices.
int32_t narrow_count(int64_t count);

/// Division by a number that may be 0, by which nothing is divided then.
inline cuda::Divisor divisor_of(int64_t count) {
  return cuda::Divisor(static_cast<uint32_t>(std::max<int64_t>(count, 1)));
}

/// For DeviceKernel::accepts: input 0 is a tensor [N, C, spatial...] that kernels go over by windows, and all that are
/// given have one of these types.
DeviceKernel::Accepts takes_windows(DTypeSet types = types::any);

}  // namespace mica
