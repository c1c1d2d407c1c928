// LRN by one thread for each element, LpNormalization by a warp for each line.
#include "kernels/cuda/team.cuh"
#include "kernels/cuda/wide.cuh"
#include "kernels/norm/line_norm_cuda.h"

namespace mica::cuda {
namespace {

template <class W>
__global__ void local_norm_kernel(const __grid_constant__ LocalNormCall call) {
  for (int64_t i = first_element(); i < call.outer * call.width * call.inner; i += element_stride()) {
    const int64_t c = i / call.inner % call.width;
    const int64_t first = c < call.before ? 0 : c - call.before;
    const int64_t last = call.after < call.width - 1 - c ? c + call.after : call.width - 1;
    W sum = 0;
    for (int64_t k = first; k <= last; ++k) {
      const W x = load_wide<W>(call.x, call.number, i + (k - c) * call.inner);
      sum += x * x;
    }
    const W scale = pow(W(call.bias) + W(call.alpha) / W(call.size) * sum, -W(call.beta));
    store_wide(call.y, call.number, i, load_wide<W>(call.x, call.number, i) * scale);
  }
}

template <class W>
__global__ void __launch_bounds__(kMostTeamThreads) lp_norm_kernel(const __grid_constant__ LpNormCall call) {
  using Line = Team<false>;
  for (int64_t row = Line::first_row(); row < call.outer * call.inner; row += Line::row_stride()) {
    const int64_t start = row / call.inner * call.inner * call.width + row % call.inner;
    W sum = 0;
    for (int64_t i = Line::lane(); i < call.width; i += Line::lanes()) {
      const W x = load_wide<W>(call.x, call.number, start + i * call.inner);
      sum += call.squares ? x * x : fabs(x);
    }
    sum = Line::all(sum, W(0), Plus<W>{});
    const W norm = call.squares ? sqrt(sum) : sum;
    for (int64_t i = Line::lane(); i < call.width; i += Line::lanes()) {
      const int64_t at = start + i * call.inner;
      store_wide(call.y, call.number, at, norm == 0 ? W(0) : load_wide<W>(call.x, call.number, at) / norm);
    }
  }
}

}  // namespace

void launch_local_norm(const LocalNormCall& call, void* stream) {
  const int64_t elements = call.outer * call.width * call.inner;
  if (elements == 0) return;
  visit_wide(call.number == Number::F64,
             [&]<class W>() { launch(local_norm_kernel<W>, over_elements(elements), stream, call); });
}

void launch_lp_norm(const LpNormCall& call, void* stream) {
  if (call.outer * call.width * call.inner == 0) return;
  const Grid grid = over_rows(call.outer * call.inner, 1).grid;
  visit_wide(call.number == Number::F64, [&]<class W>() { launch(lp_norm_kernel<W>, grid, stream, call); });
}

}  // namespace mica::cuda
