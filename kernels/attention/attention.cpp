#include "kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/attention/products.h"

namespace mica {
namespace {

constexpr int64_t kMaxRows = 64;           // queries of a block
constexpr int64_t kBlockScores = 1 << 15;  // scores of a block, more where one row has more
constexpr int64_t kThreadWork = 1 << 17;   // multiplications that are worth a thread

/// Queries [first, last) of one head.
struct Block {
  int64_t batch, head, first, last;
};

int64_t ceil_of(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// Queries of one block.
template <class T>
int64_t block_rows(const Attention<T>& task) {
  const int64_t most = std::clamp<int64_t>(kBlockScores / std::max<int64_t>(1, task.keys), 1, kMaxRows);
  return std::min(most, task.rows);
}

/// Calls f(block, scratch) for blocks that together are all queries; scratch has `count` elements.
template <class T, class F>
void for_each_block(const Operands& io, const Attention<T>& task, int64_t count, F&& f) {
  if (task.batch * task.heads * task.rows == 0) return;
  const int64_t size = block_rows(task);
  const int64_t per_head = ceil_of(task.rows, size);
  const int64_t blocks = task.batch * task.heads * per_head;
  const double work = static_cast<double>(task.batch * task.heads * task.rows) * static_cast<double>(task.keys) *
                      static_cast<double>(task.width + task.v_width);
  const int64_t useful = 1 + static_cast<int64_t>(std::min(work / kThreadWork, 1e6));
  const int64_t parts = std::min<int64_t>({io.threads().threads(), blocks, useful});
  T* scratch = io.scratch<T>(parts * count);
  io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = blocks * begin / parts; n < blocks * end / parts; ++n) {
      const int64_t head = n / per_head;
      const int64_t first = n % per_head * size;
      f(Block{head / task.heads, head % task.heads, first, std::min(first + size, task.rows)}, scratch + begin * count);
    }
  });
}

/// Keys [first, last).
struct KeyRange {
  int64_t first, last;
};

/// A task whose rows may be the heads that share keys, instead of positions.
template <class T>
struct Grouped {
  Attention<T> task;
  int64_t position = 1;                 ///< how many positions a row is after the one before it
  int64_t sink_head = 1, sink_row = 0;  ///< strides of the sinks
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

/// What query `row` sees: both ends grow with the row.
template <class T>
KeyRange visible(const Grouped<T>& group, int64_t batch, int64_t row) {
  const Attention<T>& task = group.task;
  const Sequence& sequence = task.sequences[batch];
  const int64_t at = row * group.position + sequence.offset;
  const int64_t keys = std::clamp<int64_t>(sequence.keys, 0, task.keys);
  const int64_t last = task.causal ? std::clamp<int64_t>(at + 1, 0, keys) : keys;
  const int64_t first = task.window > 0 ? std::clamp<int64_t>(at - task.window + 1, 0, last) : 0;
  return {first, last};
}

template <class T>
void add_bias(const ScoreBias<T>& bias, const Block& block, int64_t row, KeyRange keys, T* scores) {
  if (bias.data == nullptr) return;
  const T* from = bias.at(block.batch, block.head, row) + keys.first * bias.key;
  if (bias.key == 1) {
    for (int64_t j = 0; j < keys.last - keys.first; ++j) scores[j] += from[j];
  } else {
    for (int64_t j = 0; j < keys.last - keys.first; ++j) scores[j] += from[j * bias.key];
  }
}

/// x = exp(x - highest), for a `highest` that no x exceeds and, where it is not -inf, `sink` neither. Returns what
/// these are to be multiplied by to sum, with the sink, to 1: 0 where all are -inf.
template <class T>
T exponentials(T* x, int64_t count, T sink) {
  constexpr T kNothing = -std::numeric_limits<T>::infinity();
  T highest = sink;
  for (int64_t j = 0; j < count; ++j) highest = std::max(highest, x[j]);
  if (highest == kNothing) highest = 0;
  T sum = std::exp(sink - highest);
  for (int64_t j = 0; j < count; ++j) {
    x[j] = std::exp(x[j] - highest);
    sum += x[j];
  }
  return sum == 0 ? T{0} : 1 / sum;
}

/// Turns the products of one query with the keys of `range` into exponentials, 0 where hidden; returns the factor that
/// makes these probabilities.
template <class T>
T weigh(const Grouped<T>& group, const Block& block, int64_t row, KeyRange range, T* x) {
  constexpr T kHidden = -std::numeric_limits<T>::infinity();
  const Attention<T>& task = group.task;
  const int64_t count = range.last - range.first;
  T* kept = nullptr;
  if (task.scores != nullptr) {
    const int64_t stride = task.scores_row > 0 ? task.scores_row : task.keys;
    kept = task.scores + ((block.batch * task.heads + block.head) * task.rows + row) * stride;
  }
  const auto keep = [&](ScoreStage stage) {
    if (kept != nullptr && task.stage == stage) std::copy_n(x, count, kept);
  };
  for (int64_t j = 0; j < count; ++j) x[j] *= task.scale;
  keep(ScoreStage::Scaled);
  if (task.softcap != 0) {
    for (int64_t j = 0; j < count; ++j) x[j] = task.softcap * std::tanh(x[j] / task.softcap);
  }
  keep(ScoreStage::Capped);

  const KeyRange seen = visible(group, block.batch, row);
  T* first = x + (seen.first - range.first);
  T* last = x + (seen.last - range.first);
  for (const ScoreBias<T>& bias : task.bias) add_bias(bias, block, row, seen, first);
  std::fill(x, first, task.hidden_score);
  std::fill(last, x + count, task.hidden_score);
  keep(ScoreStage::Masked);
  const T sink = task.sinks != nullptr ? task.sinks[block.head * group.sink_head + row * group.sink_row] : kHidden;
  const T factor = exponentials(first, last - first, sink);
  std::fill(x, first, T{0});
  std::fill(last, x + count, T{0});
  if (kept != nullptr && task.stage == ScoreStage::Softmax) {
    for (int64_t j = 0; j < count; ++j) kept[j] = x[j] * factor;
  }
  return factor;
}

template <class T>
void attend(const Grouped<T>& group, const Block& block, T* x) {
  const Attention<T>& task = group.task;
  const int64_t rows = block.last - block.first;
  const int64_t kv_head = block.head / (task.heads / task.kv_heads);
  KeyRange range{0, task.keys};
  if (task.scores == nullptr) {
    range = {visible(group, block.batch, block.first).first, visible(group, block.batch, block.last - 1).last};
  }
  const int64_t count = range.last - range.first;
  score_product<T>(rows, count, task.width, {task.q.at(block.batch, block.head, block.first), task.q.layout.row},
                   {task.k.at(block.batch, kv_head, range.first), task.k.layout.row}, {x, count});
  T factors[kMaxRows];
  for (int64_t i = 0; i < rows; ++i) factors[i] = weigh(group, block, block.first + i, range, x + i * count);
  const Rows<T> out{task.out.at(block.batch, block.head, block.first), task.out.layout.row};
  value_product<T>(rows, count, task.v_width, {x, count},
                   {task.v.at(block.batch, kv_head, range.first), task.v.layout.row}, out);
  for (int64_t i = 0; i < rows; ++i) {
    T* row = out.data + i * out.stride;
    for (int64_t d = 0; d < task.v_width; ++d) row[d] *= factors[i];
  }
}

}  // namespace

template <class T>
T attention_scale(float scale, int64_t width) {
  if (scale != 0) return static_cast<T>(scale);
  return 1 / std::sqrt(static_cast<T>(std::max<int64_t>(1, width)));
}

template <class T>
void attention(const Operands& io, const Attention<T>& task) {
  const Grouped<T> group = grouped(task);
  for_each_block(io, group.task, block_rows(group.task) * task.keys,
                 [&](const Block& block, T* scratch) { attend(group, block, scratch); });
}

template <class T>
void attention_scores(const Operands& io, const Attention<T>& task, T* scores) {
  for_each_block(io, task, 0, [&](const Block& block, T*) {
    const int64_t rows = block.last - block.first;
    T* to = scores + ((block.batch * task.heads + block.head) * task.rows + block.first) * task.keys;
    score_product<T>(rows, task.keys, task.width, {task.q.at(block.batch, block.head, block.first), task.q.layout.row},
                     {task.k.at(block.batch, block.head / (task.heads / task.kv_heads), 0), task.k.layout.row},
                     {to, task.keys});
    for (int64_t i = 0; i < rows * task.keys; ++i) to[i] *= task.scale;
  });
}

template <class T>
void attention_values(const Operands& io, const Attention<T>& task, const T* probabilities) {
  for_each_block(io, task, 0, [&](const Block& block, T*) {
    const T* from = probabilities + ((block.batch * task.heads + block.head) * task.rows + block.first) * task.keys;
    value_product<T>(block.last - block.first, task.keys, task.v_width, {from, task.keys},
                     {task.v.at(block.batch, block.head / (task.heads / task.kv_heads), 0), task.v.layout.row},
                     {task.out.at(block.batch, block.head, block.first), task.out.layout.row});
  });
}

template float attention_scale(float, int64_t);
template double attention_scale(float, int64_t);
template void attention(const Operands&, const Attention<float>&);
template void attention(const Operands&, const Attention<double>&);
template void attention_scores(const Operands&, const Attention<float>&, float*);
template void attention_scores(const Operands&, const Attention<double>&, double*);
template void attention_values(const Operands&, const Attention<float>&, const float*);
template void attention_values(const Operands&, const Attention<double>&, const double*);

}  // namespace mica
