// What CUDA devices can do at most, for kernels to be measured by.
#pragma once

#include <cstdint>

namespace mica::cuda {

inline constexpr int64_t kPeakSums = 8;  ///< sums of a thread, which do not wait for each other

/// Each element becomes the result of `rounds` times `kPeakSums` multiply-adds of floats on registers.
void launch_multiply_adds(float* results, int64_t elements, int64_t rounds, void* stream);

}  // namespace mica::cuda
