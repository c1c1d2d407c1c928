// How the queries of an attention task are cut into blocks, and which keys they see.
#pragma once

#include <algorithm>

#include "kernels/attention/attention.h"

namespace mica {

/// Queries [first, last) of one head.
struct QueryBlock {
  int64_t batch, head, first, last;
};

/// Keys [first, last).
struct KeyRange {
  int64_t first, last;

  int64_t count() const { return last - first; }
};

/// A task whose rows may be the heads that share keys, instead of positions.
template <class T>
struct Grouped {
  Attention<T> task;
  int64_t position = 1;                 ///< how many positions a row is after the one before it
  int64_t sink_head = 1, sink_row = 0;  ///< strides of the sinks

  int64_t key_head(const QueryBlock& block) const { return block.head / (task.heads / task.kv_heads); }

  /// What query `row` sees: both ends grow with the row.
  KeyRange visible(int64_t batch, int64_t row) const {
    const Sequence& sequence = task.sequences[batch];
    const int64_t at = row * position + sequence.offset;
    const int64_t keys = std::clamp<int64_t>(sequence.keys, 0, task.keys);
    const int64_t last = task.causal ? std::clamp<int64_t>(at + 1, 0, keys) : keys;
    const int64_t first = task.window > 0 ? std::clamp<int64_t>(at - task.window + 1, 0, last) : 0;
    return {first, last};
  }
};

/// With a single query a head, those of all heads that share keys become the rows of one product.
template <class T>
Grouped<T> grouped(const Attention<T>& task) {
  if (task.rows != 1 || task.heads == task.kv_heads) return {task};
  const int64_t group = task.heads / task.kv_heads;
  Grouped<T> result{task, 0, group, 1};
  const auto fold = [group](int64_t& head, int64_t& row) {
    row = head;
    head *= group;
  };
  Attention<T>& folded = result.task;
  folded.heads = task.kv_heads;
  folded.rows = group;
  fold(folded.q.layout.head, folded.q.layout.row);
  fold(folded.out.layout.head, folded.out.layout.row);
  for (ScoreBias<T>& bias : folded.bias) fold(bias.head, bias.row);
  return result;
}

/// Blocks of equal height, but for the last of each head, numbered head by head.
struct QueryBlocks {
  static constexpr int64_t kMostRows = 128;

  int64_t heads = 0, rows = 0;  ///< of the task
  int64_t height = 1;           ///< queries of a block
  int64_t per_head = 0, count = 0;

  template <class T>
  explicit QueryBlocks(const Attention<T>& task) : heads(task.heads), rows(task.rows) {
    constexpr int64_t kScores = 1 << 16;                           // that stay in the second-level cache
    constexpr int64_t kLeastRows = 16;                             // that make use of keys once read
    const int64_t most = task.causal ? kMostRows / 2 : kMostRows;  // lower blocks compute fewer hidden scores
    height = std::min(rows, std::clamp(kScores / std::max<int64_t>(1, task.keys), kLeastRows, most));
    if (height == 0) return;
    per_head = (rows + height - 1) / height;
    count = task.batch * heads * per_head;
  }

  QueryBlock at(int64_t n) const {
    const int64_t head = n / per_head;
    const int64_t first = n % per_head * height;
    return {head / heads, head % heads, first, std::min(first + height, rows)};
  }
};

}  // namespace mica
