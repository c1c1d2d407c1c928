// Where the rows of heads stand, for CUDA files: as HeadLayout of kernels/attention/heads.h.
#pragma once

#include <stdint.h>

namespace mica::cuda {

/// Elements of a row are adjacent. In elements.
struct RowLayout {
  int64_t start = 0, batch = 0, head = 0, row = 0;

  constexpr int64_t at(int64_t b, int64_t h, int64_t i) const { return start + b * batch + h * head + i * row; }
};

/// Of a sequence of the batch: how many keys it has, and at which of them its queries begin. The keys before that one
/// are those of earlier runs, and those from there on are new.
struct SequenceKeys {
  int64_t keys = 0, offset = 0;

  constexpr int64_t fresh() const { return keys - offset; }
};

}  // namespace mica::cuda
