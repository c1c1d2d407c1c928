// Launchers of the CUDA kernels that move rows of heads: queries, keys and values on their way to attention, and rows
// of a cache.
#pragma once

#include "kernels/attention/row_layout.h"
#include "kernels/cuda/fault.h"
#include "kernels/cuda/number.h"

namespace mica::cuda {

/// Tables of rotary embedding, as Rotation of kernels/rope/rotate.h. Row i of sequence b has the position
///   ids[b * id_batch + i * id_row] + b * batch_step + i * row_step, and with `after_past` the sequence's offset more.
struct RotaryTables {
  const void* cos = nullptr;  ///< [rows, width / 2]; null: nothing is rotated
  const void* sin = nullptr;
  int64_t rows = 0, width = 0;
  bool interleaved = false;
  const void* ids = nullptr;  ///< null: 0
  Number id_number = Number::I64;
  int64_t id_batch = 0, id_row = 0, batch_step = 0, row_step = 0;
  bool after_past = false;
};

/// Rows of one tensor: (from + terms), normalised, rotated, in this order.
struct HeadRows {
  const void* from = nullptr;
  void* to = nullptr;  ///< may be `from` where the layouts are the same
  RowLayout from_layout, to_layout;
  int64_t heads = 0, rows = 0, width = 0;
  const void* terms = nullptr;       ///< [heads, width], null: none
  const void* norm_scale = nullptr;  ///< [width], of x / sqrt(mean(x^2) + epsilon); null: none
  float epsilon = 0;
  bool rotates = false;
  bool appends = false;  ///< row i becomes the row behind the past i-th; a sequence's rows that are not new stay away
};

struct HeadRowsCall {
  static constexpr int kMostParts = 3;

  Number number = Number::F32;
  int64_t batch = 0;
  HeadRows parts[kMostParts] = {};
  int count = 0;  ///< of parts
  RotaryTables rotary = {};
  const SequenceKeys* sequences = nullptr;  ///< null: all have `offset` keys and then new ones
  int64_t offset = 0;
  Fault fault = {};  ///< for positions that the tables lack
};
void launch_head_rows(const HeadRowsCall& call, void* stream);

/// What becomes of a cache of keys or values beside the new rows: past rows are copied, and rows behind them are
/// cleared.
struct CacheRows {
  const void* past = nullptr;  ///< null: none; may be `present`
  void* present = nullptr;
  RowLayout past_layout, present_layout;
  int64_t width = 0;
  int64_t first_row = 0;  ///< of present; those before it stay as they are
};

struct CacheCall {
  static constexpr int kMostParts = 2;

  int64_t element_width = 4;  ///< bytes
  int64_t batch = 0, heads = 0;
  int64_t past_rows = 0, present_rows = 0;  ///< for which there is room
  CacheRows parts[kMostParts] = {};
  bool keep_rest = false;  ///< past rows behind those of the sequences are copied as well
  const SequenceKeys* sequences = nullptr;
  SequenceKeys all = {};  ///< of every sequence where `sequences` is null
};
void launch_cache_rows(const CacheCall& call, void* stream);

}  // namespace mica::cuda
