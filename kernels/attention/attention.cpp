#include "kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/attention/blocks.h"
#include "kernels/attention/products.h"
#include "kernels/attention/weights.h"
#include "kernels/matmul/gemm_plan.h"

namespace mica {
namespace {

int64_t whole_lines(int64_t elements) {  // 64 bytes at least
  return (elements + 15) / 16 * 16;
}

// Scratch of one thread.
template <class T>
struct Workplace {
  T* scores = nullptr;
  T* products = nullptr;
  T* keys = nullptr;              ///< packed keys of one head; null: they are not packed
  int64_t batch = -1, head = -1;  ///< whose these are
};

// Calls f(block, workplace) for all blocks. `scores`, `products` and `keys` are the elements of a workplace's parts.
template <class T, class F>
void for_each_block(const Operands& io, const Attention<T>& task, const QueryBlocks& blocks, int64_t scores,
                    int64_t products, int64_t keys, F&& f) {
  if (blocks.count == 0) return;
  const double work = 2.0 * static_cast<double>(task.batch * task.heads * task.rows) * static_cast<double>(task.keys) *
                      static_cast<double>(task.width + task.v_width);
  const int64_t useful = 1 + static_cast<int64_t>(std::min(work / kWorthACore, 1e6));
  const int64_t parts = std::min<int64_t>({io.threads().threads(), blocks.count, useful});
  const int64_t size = whole_lines(scores) + whole_lines(products) + whole_lines(keys);
  T* scratch = io.scratch<T>(parts * size);
  io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    Workplace<T> place{scratch + begin * size};
    place.products = place.scores + whole_lines(scores);
    if (keys > 0) place.keys = place.products + whole_lines(products);
    for (int64_t n = blocks.count * begin / parts; n < blocks.count * end / parts; ++n) f(blocks.at(n), place);
  });
}

// The keys that the products of a block are computed with. Of scores that are kept, these are all.
template <class T>
KeyRange range_of(const Grouped<T>& group, const QueryBlock& block) {
  if (group.task.scores != nullptr) return {0, group.task.keys};
  return {group.visible(block.batch, block.first).first / kPackedKeys * kPackedKeys,
          group.visible(block.batch, block.last - 1).last};
}

// Whether biases can be added by the product: nothing comes between.
template <class T>
bool adds_in_product(const Attention<T>& task) {
  return task.softcap == 0 && task.scores == nullptr;
}

template <class T>
ScoreProduct<T> score_product(const Grouped<T>& group, const QueryBlock& block, KeyRange range, T* scores) {
  const Attention<T>& task = group.task;
  ScoreProduct<T> product{block.last - block.first, range.count(), task.width};
  product.q = {task.q.at(block.batch, block.head, block.first), task.q.layout.row};
  product.k = {task.k.at(block.batch, group.key_head(block), range.first), task.k.layout.row};
  product.scale = task.scale;
  product.scores = {scores, range.count()};
  for (size_t i = 0; i < task.bias.size() && adds_in_product(task); ++i) {
    const ScoreBias<T>& bias = task.bias[i];
    if (bias.data == nullptr) continue;
    product.bias[i] = {bias.at(block.batch, block.head, block.first) + range.first * bias.key, bias.row, bias.key};
  }
  return product;
}

template <class T>
ValueProduct<T> value_product(const Grouped<T>& group, const QueryBlock& block, KeyRange range, const T* weights) {
  const Attention<T>& task = group.task;
  ValueProduct<T> product{block.last - block.first, range.count(), task.v_width, {weights, range.count()}};
  product.v = {task.v.at(block.batch, group.key_head(block), range.first), task.v.layout.row};
  product.out = {task.out.at(block.batch, block.head, block.first), task.out.layout.row};
  return product;
}

// Scratch for the products of any block. That of one head is like that of another.
template <class T>
int64_t product_scratch(const Grouped<T>& group, const QueryBlocks& blocks) {
  int64_t most = 0;
  for (int64_t b = 0; b < group.task.batch; ++b) {
    for (int64_t n = 0; n < blocks.per_head; ++n) {
      QueryBlock block = blocks.at(n);
      block.batch = b;
      const KeyRange range = range_of(group, block);
      most = std::max({most, score_product<T>(group, block, range, nullptr).scratch(),
                       value_product<T>(group, block, range, nullptr).scratch()});
    }
  }
  return most;
}

template <class T>
void add_bias(const ScoreBias<T>& bias, const QueryBlock& block, int64_t row, KeyRange keys, T* scores) {
  if (bias.data == nullptr) return;
  const T* from = bias.at(block.batch, block.head, row) + keys.first * bias.key;
  for (int64_t j = 0; j < keys.count(); ++j) scores[j] += from[j * bias.key];
}

// Turns the products of one query with the keys of `range` into exponentials, 0 where hidden; returns the factor that
// makes these probabilities.
template <class T>
T weigh(const Grouped<T>& group, const QueryBlock& block, int64_t row, KeyRange range, T* x) {
  constexpr T kNothing = -std::numeric_limits<T>::infinity();
  const Attention<T>& task = group.task;
  const int64_t count = range.count();
  T* kept = nullptr;
  if (task.scores != nullptr) {
    const int64_t stride = task.scores_row > 0 ? task.scores_row : task.keys;
    kept = task.scores + ((block.batch * task.heads + block.head) * task.rows + row) * stride;
  }
  const auto keep = [&](ScoreStage stage) {
    if (kept != nullptr && task.stage == stage) std::copy_n(x, count, kept);
  };
  keep(ScoreStage::Scaled);
  if (task.softcap != 0) soft_cap(x, count, task.softcap);
  keep(ScoreStage::Capped);

  const KeyRange seen = group.visible(block.batch, row);
  T* first = x + (seen.first - range.first);
  T* last = x + (seen.last - range.first);
  for (size_t i = 0; i < task.bias.size() && !adds_in_product(task); ++i) {
    add_bias(task.bias[i], block, row, seen, first);
  }
  if (kept != nullptr && task.stage == ScoreStage::Masked) {
    std::fill(x, first, task.hidden_score);
    std::fill(last, x + count, task.hidden_score);
    std::copy_n(x, count, kept);
  }
  const T sink = task.sinks != nullptr ? task.sinks[block.head * group.sink_head + row * group.sink_row] : kNothing;
  const T factor = exponentials(first, last - first, sink);
  std::fill(x, first, T{0});
  std::fill(last, x + count, T{0});
  if (kept != nullptr && task.stage == ScoreStage::Softmax) scale_row(x, kept, count, factor);
  return factor;
}

// The keys of the block's head in the form of `pack_keys`: packed here unless they are those of the block before.
template <class T>
const T* packed(const Grouped<T>& group, const QueryBlock& block, Workplace<T>& place) {
  if (place.keys == nullptr) return nullptr;
  const Attention<T>& task = group.task;
  const int64_t head = group.key_head(block);
  if (place.batch != block.batch || place.head != head) {
    const int64_t keys = task.scores != nullptr ? task.keys : group.visible(block.batch, task.rows - 1).last;
    pack_keys<T>({task.k.at(block.batch, head, 0), task.k.layout.row}, keys, task.width, place.keys);
    place.batch = block.batch;
    place.head = head;
  }
  return place.keys;
}

template <class T>
void attend(const Grouped<T>& group, const QueryBlock& block, Workplace<T>& place) {
  const KeyRange range = range_of(group, block);
  const int64_t rows = block.last - block.first;
  T* x = place.scores;
  ScoreProduct<T> scores = score_product(group, block, range, x);
  if (const T* keys = packed(group, block, place)) scores.packed_k = keys + range.first * group.task.width;
  scores.run(place.products);
  T factors[QueryBlocks::kMostRows];
  for (int64_t i = 0; i < rows; ++i) factors[i] = weigh(group, block, block.first + i, range, x + i * range.count());
  const ValueProduct<T> values = value_product<T>(group, block, range, x);
  values.run(place.products);
  for (int64_t i = 0; i < rows; ++i) {
    T* row = values.out.data + i * values.out.stride;
    scale_row(row, row, values.width, factors[i]);
  }
}

// Runs product(block, row) for all blocks; `row` is the block's first among all rows of the scores.
template <class T, class F>
void run_products(const Operands& io, const Grouped<T>& group, F&& product) {
  const Attention<T>& task = group.task;
  const QueryBlocks blocks(task);
  for_each_block(
      io, task, blocks, 0, product_scratch(group, blocks), 0, [&](const QueryBlock& block, Workplace<T>& place) {
        product(block, (block.batch * task.heads + block.head) * task.rows + block.first).run(place.products);
      });
}

}  // namespace

template <class T>
T attention_scale(float scale, int64_t width) {
  if (scale != 0) return static_cast<T>(scale);
  return 1 / std::sqrt(static_cast<T>(std::max<int64_t>(1, width)));
}

template <class T>
void attention(const Operands& io, const Attention<T>& task) {
  constexpr int64_t kRowsWorthPacking = 8;
  const Grouped<T> group = grouped(task);
  const QueryBlocks blocks(group.task);
  const bool reused = blocks.per_head * (group.task.heads / group.task.kv_heads) > 1;
  const bool packs = reused && blocks.height > kRowsWorthPacking;
  for_each_block(io, group.task, blocks, blocks.height * task.keys, product_scratch(group, blocks),
                 packs ? packed_keys<T>(task.keys, task.width) : 0,
                 [&](const QueryBlock& block, Workplace<T>& place) { attend(group, block, place); });
}

template <class T>
void attention_scores(const Operands& io, const Attention<T>& task, T* scores) {
  const Grouped<T> group{task};
  run_products(io, group, [&](const QueryBlock& block, int64_t row) {
    return score_product(group, block, {0, task.keys}, scores + row * task.keys);
  });
}

template <class T>
void attention_values(const Operands& io, const Attention<T>& task, const T* probabilities) {
  const Grouped<T> group{task};
  run_products(io, group, [&](const QueryBlock& block, int64_t row) {
    return value_product(group, block, {0, task.keys}, probabilities + row * task.keys);
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
