// What EmbedLayerNormalization, com.microsoft 1, is given.
#pragma once

#include "kernels/operands.h"

namespace mica {

struct EmbedLayerNorm {
  enum Input : size_t { kIds, kSegmentIds, kWords, kPositions, kSegments, kGamma, kBeta, kMask, kPositionIds };
  enum Output : size_t { kOutput, kMaskIndex, kSum };

  float epsilon = 1e-12f;
};

/// Throws unless ids [batch, length], words and the parameters of the norm fit each other. Looks at dims only.
void check_embedding(const Operands& io);

/// Throws unless `table` has rows of `width`, and `ids` are `count` integers. Looks at dims only.
void check_lookup(const Tensor& table, const Tensor& ids, int64_t count, int64_t width);

}  // namespace mica
