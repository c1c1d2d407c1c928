// Normalisation of channels: with moments that are given, element by element, and with those of each group of channels,
// by a team of threads.
#include "kernels/cuda/element.cuh"
#include "kernels/cuda/team.cuh"
#include "kernels/norm/channel_norm_cuda.h"

namespace mica::cuda {
namespace {

template <class W>
__device__ W number_at(const ChannelNumbers& of, int64_t i) {
  if constexpr (sizeof(W) == sizeof(double)) {
    return static_cast<const double*>(of.data)[i];
  } else {
    return load_float(of.data, of.number, i);
  }
}

template <class T>
__global__ void batch_norm_kernel(const __grid_constant__ BatchNormCall call) {
  using W = Wide<T>;
  for (int64_t i = first_element(); i < call.count; i += element_stride()) {
    const int64_t c = i / call.plane % call.channels;
    const W factor = number_at<W>(call.scale, c) / sqrt(number_at<W>(call.variance, c) + W(call.epsilon));
    const W x = widen(static_cast<const T*>(call.x)[i]);
    static_cast<T*>(call.y)[i] = narrow<T>((x - number_at<W>(call.mean, c)) * factor + number_at<W>(call.bias, c));
  }
}

template <class T, bool whole_block>
__global__ void __launch_bounds__(kMostTeamThreads) group_norm_kernel(const __grid_constant__ GroupNormCall call) {
  using W = Wide<T>;
  using Rows = Team<whole_block>;
  const int64_t width = call.members * call.plane, channels = call.groups * call.members;
  for (int64_t row = Rows::first_row(); row < call.rows; row += Rows::row_stride()) {
    const int64_t group = row % call.groups;
    const int64_t start =
        call.channels_last ? row / call.groups * channels * call.plane + group * call.members : row * width;
    const T* x = static_cast<const T*>(call.x) + start;
    T* y = static_cast<T*>(call.y) + start;
    // Where element i of the row lies.
    const auto place = [&](int64_t i) {
      return call.channels_last ? i / call.members * channels + i % call.members : i;
    };
    W mean = 0, squares = 0;
    for (int64_t i = Rows::lane(); i < width; i += Rows::lanes()) mean += widen(x[place(i)]);
    mean = Rows::all(mean, W(0), Plus<W>()) / W(width);
    for (int64_t i = Rows::lane(); i < width; i += Rows::lanes()) {
      const W d = widen(x[place(i)]) - mean;
      squares += d * d;
    }
    squares = Rows::all(squares, W(0), Plus<W>()) / W(width);
    const W inverse_deviation = 1 / sqrt(squares + W(call.epsilon));
    for (int64_t i = Rows::lane(); i < width; i += Rows::lanes()) {
      const int64_t member = call.channels_last ? i % call.members : i / call.plane;
      const int64_t k = call.scale_groups ? group : group * call.members + member;
      const W factor = inverse_deviation * number_at<W>(call.scale, k);
      const W v = (widen(x[place(i)]) - mean) * factor + number_at<W>(call.bias, k);
      y[place(i)] = narrow<T>(call.silu ? v / (1 + exp(-v)) : v);
    }
  }
}

}  // namespace

void launch_batch_norm(const BatchNormCall& call, void* stream) {
  if (call.count == 0) return;
  visit_float(call.number, [&]<class T>() { launch(batch_norm_kernel<T>, over_elements(call.count), stream, call); });
}

void launch_group_norm(const GroupNormCall& call, void* stream) {
  const int64_t width = call.members * call.plane;
  if (call.rows == 0 || width == 0) return;
  const auto [grid, whole_block] = over_rows(call.rows, width);
  visit_float(call.number, [&, &grid = grid, whole_block = whole_block]<class T>() {
    launch(whole_block ? group_norm_kernel<T, true> : group_norm_kernel<T, false>, grid, stream, call);
  });
}

}  // namespace mica::cuda
