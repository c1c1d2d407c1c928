// Softmax and its logarithm along one axis, for any float type: by vector loops, and for double by the plain ones.
#pragma once

#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/simd/storage.h"
#include "kernels/softmax/rows.h"
#include "kernels/softmax/softmax_simd.h"

namespace mica {

enum class SoftmaxKind { Plain, Log };

/// The loop for elements of type T, passed as `stored` has them.
template <class T, SoftmaxKind kind>
SoftmaxLoop<Stored<T>> softmax_loop() {
  constexpr bool log = kind == SoftmaxKind::Log;
  if constexpr (std::is_same_v<T, double>) {
    return [](const double* x, double* y, int64_t n, int64_t stride, int64_t columns) {
      for (int64_t j = 0; j < columns; ++j) {
        log ? log_softmax_row(x + j, y + j, n, stride) : softmax_row(x + j, y + j, n, stride);
      }
    };
  } else {
    const auto& loops = loops_of<T>(softmax_kernels());
    return log ? loops.log_softmax : loops.softmax;
  }
}

/// Along the middle axis of [outer, width, inner] elements, in parallel. y may be x.
template <SoftmaxKind kind, class T>
void softmax_along(ThreadPool& threads, const T* x, T* y, int64_t outer, int64_t width, int64_t inner) {
  constexpr int64_t kColumns = 64;  // that are computed together where they are neighbours
  if (outer == 0 || width == 0 || inner == 0) return;
  const auto loop = softmax_loop<T, kind>();
  const int64_t blocks = (inner + kColumns - 1) / kColumns;
  const int64_t grain = std::max<int64_t>(1, 1024 / (width * std::min(inner, kColumns)));
  threads.parallel_for(outer * blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % blocks * kColumns, at = i / blocks * width * inner + first;
      loop(stored(x + at), stored(y + at), width, inner, std::min(kColumns, inner - first));
    }
  });
}

}  // namespace mica
