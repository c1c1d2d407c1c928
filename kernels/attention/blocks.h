// How the queries of an attention task are cut into blocks, which keys they see, and how many of these are handled at a
// time.
#pragma once

#include <algorithm>

#include "backends/cpu/caches.h"
#include "kernels/attention/attention.h"
#include "kernels/attention/products.h"

namespace mica {

/// Queries [first, last) of one head.
struct QueryBlock {
  int64_t batch, head, first, last;

  int64_t rows() const { return last - first; }
};

/// Keys [first, last).
struct KeyRange {
  int64_t first, last;

  int64_t count() const { return last - first; }
  /// What both have; where that is nothing, an empty range within this one.
  KeyRange common(const KeyRange& other) const {
    const int64_t from = std::clamp(other.first, first, last);
    return {from, std::clamp(other.last, from, last)};
  }
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

/// Blocks of equal height, but for the last of each head, numbered head by head. The scores of a block with `keys` keys
/// stay in the second-level cache: all keys where these fit, else a part at a time, with the largest score and the sum
/// of weights carried along (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018). Where all
/// queries of a head are one block, its keys are cut into pieces that threads take on their own.
struct QueryBlocks {
  static constexpr int64_t kMostRows = 128;

  int64_t heads = 0, rows = 0;  ///< of the task
  bool causal = false;
  int64_t height = 1;  ///< queries of a block
  int64_t per_head = 0, count = 0;
  int64_t keys = 0;    ///< at a time
  int64_t pieces = 1;  ///< of the keys of a block

  /// With `whole`, all keys at a time, as for scores that are kept.
  template <class T>
  explicit QueryBlocks(const Attention<T>& task, bool whole = false)
      : heads(task.heads), rows(task.rows), causal(task.causal) {
    constexpr int64_t kScores = 1 << 16;  // of a block that sees all keys
    constexpr int64_t kLeastRows = 16;    // that make use of keys once read
    constexpr int64_t kStreamedRows = 60, kStreamedKeys = 512;
    keys = std::max<int64_t>(1, task.keys);
    height = std::min(rows, std::clamp(kScores / keys, kLeastRows, kMostRows));
    if (height == 0) return;
    if (!whole && task.scores == nullptr && keys > kStreamedKeys) {
      const int64_t most_scores = cache_sizes().l2 / 2 / static_cast<int64_t>(sizeof(T));
      if (rows <= kStreamedRows) {
        height = rows;
        pieces = (keys + kStreamedKeys - 1) / kStreamedKeys;
        keys = keys / pieces + 2 * kPackedKeys;  // at most, as pieces begin where packed keys do
      } else if (kStreamedRows * keys > most_scores) {
        height = std::min(rows, kStreamedRows);
        keys = kStreamedKeys;
      }
    }
    per_head = (rows + height - 1) / height;
    count = task.batch * heads * per_head;
  }

  /// Of causal blocks of a head, short and long ones alternate, so that threads get like shares.
  QueryBlock at(int64_t n) const {
    const int64_t head = n / per_head;
    int64_t block = n % per_head;
    if (causal) block = block % 2 == 0 ? block / 2 : per_head - 1 - block / 2;
    const int64_t first = block * height;
    return {head / heads, head % heads, first, std::min(first + height, rows)};
  }

  /// Piece `index` of all keys of a task.
  KeyRange piece(int64_t index, int64_t all) const {
    const auto at = [&](int64_t i) { return std::min(all, all * i / pieces / kPackedKeys * kPackedKeys); };
    return {at(index), index + 1 == pieces ? all : at(index + 1)};
  }
};

}  // namespace mica
