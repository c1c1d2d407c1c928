// What the machine at hand can do at most, for benchmarks to be measured by.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "kernels/simd/peak_simd.h"

namespace mica {

/// Floating point operations a second of one core, in float: the best of `tries` runs of about 0.1 ms.
inline double peak_operations(int tries = 20) {
  float sums[PeakKernels::kSums] = {};
  double best = 0;
  for (int i = 0; i < tries; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto count = static_cast<double>(peak_kernels().multiply_add(20000, sums));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    best = std::max(best, count / seconds.count());
  }
  return best;
}

}  // namespace mica
