// Layer and RMS normalisation of rows, each by a team of threads: the mean, the mean square of what is left, the
// results. A row is small enough to come from the cache the second and third time.
#include "kernels/cuda/element.cuh"
#include "kernels/cuda/team.cuh"
#include "kernels/norm/norm_cuda.h"

namespace mica::cuda {
namespace {

template <class T>
__device__ Wide<T> element_or_zero(const void* data, int64_t i) {
  return data == nullptr ? Wide<T>(0) : widen(static_cast<const T*>(data)[i]);
}

template <class T, bool whole_block>
__global__ void __launch_bounds__(kMostTeamThreads) norm_kernel(NormCall call) {
  using W = Wide<T>;
  using Rows = Team<whole_block>;
  const int64_t width = call.width;
  for (int64_t row = Rows::first_row(); row < call.rows; row += Rows::row_stride()) {
    const T* x = static_cast<const T*>(call.x) + row * width;
    T* y = static_cast<T*>(call.y) + row * width;
    const int64_t skip = row % call.skip_rows * width;
    const auto at = [&](int64_t i) {
      return widen(x[i]) + (element_or_zero<T>(call.skip, skip + i) + element_or_zero<T>(call.skip_bias, i));
    };
    W mean = 0;
    if (!call.rms) {
      for (int64_t i = Rows::lane(); i < width; i += Rows::lanes()) mean += at(i);
      mean = Rows::all(mean, W(0), Plus<W>()) / W(width);
    }
    W squares = 0;
    for (int64_t i = Rows::lane(); i < width; i += Rows::lanes()) squares += (at(i) - mean) * (at(i) - mean);
    squares = Rows::all(squares, W(0), Plus<W>()) / W(width);
    const W inverse_deviation = 1 / sqrt(squares + W(call.epsilon));
    for (int64_t i = Rows::lane(); i < width; i += Rows::lanes()) {
      const W s = at(i);
      if (call.sum != nullptr) static_cast<T*>(call.sum)[row * width + i] = narrow<T>(s);
      const W scaled = (s - mean) * inverse_deviation * widen(static_cast<const T*>(call.scale)[i]);
      y[i] = narrow<T>(scaled + element_or_zero<T>(call.bias, i));
    }
    if (Rows::lane() != 0) continue;
    if (call.mean != nullptr) call.mean[row] = static_cast<float>(mean);
    if (call.inverse_deviation != nullptr) call.inverse_deviation[row] = static_cast<float>(inverse_deviation);
  }
}

}  // namespace

void launch_norm(const NormCall& call, void* stream) {
  if (call.rows == 0) return;
  const auto [grid, whole_block] = over_rows(call.rows, call.width);
  visit_float(call.number, [&, &grid = grid, whole_block = whole_block]<class T>() {
    launch(whole_block ? norm_kernel<T, true> : norm_kernel<T, false>, grid, stream, call);
  });
}

}  // namespace mica::cuda
