// Launcher of the CUDA kernels that rank elements: of TopK, ArgMax and ArgMin.
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// The first k elements, best first, along the middle axis of [rows / inner, width, inner], of floats or of whole
/// numbers but uint64. Of equals, and NaNs are equal, the one with the lower index comes first, or with `last` the one
/// with the higher.
struct RankingCall {
  Number number;
  const void* x;
  void* values;      ///< null: not wanted
  int64_t* indices;  ///< both are [rows / inner, k, inner]
  int64_t rows, width, inner, k;
  bool largest, nan_first, last;
};
void launch_ranking(const RankingCall& call, void* stream);

}  // namespace mica::cuda
