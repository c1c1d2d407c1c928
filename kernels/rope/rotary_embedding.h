// What RotaryEmbedding, ai.onnx 23 and com.microsoft 1, is given.
#pragma once

#include "kernels/attention/head_operand.h"

namespace mica {

struct RotaryEmbedding {
  int64_t num_heads = 0;             ///< 0: as X or the tables tell
  int64_t rotary_embedding_dim = 0;  ///< 0: all elements of a head
  bool interleaved = false;
  bool microsoft = false;
};

/// Rows of heads, which X and Y hold in the same layout, and the tables that rotate them.
struct RotaryOperands {
  HeadDims dims;
  HeadLayout layout;
  const Tensor* cos = nullptr;
  const Tensor* sin = nullptr;
  const Tensor* ids = nullptr;  ///< null: tables have rows in the order of X's
  int64_t table_rows = 0;
  int64_t width = 0;  ///< elements of a row that are rotated
};

/// Throws when operands do not fit each other. Looks at dims only.
RotaryOperands rotary_operands(const RotaryEmbedding& op, const Operands& io);

}  // namespace mica
