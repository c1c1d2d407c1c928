#include "kernels/attention/attend.h"

#include <algorithm>
#include <limits>

#include "kernels/attention/weights.h"

namespace mica {
namespace {

// Elements between rows of so many scores: rows do not drive each other out of the cache.
int64_t score_stride(int64_t keys) {
  const int64_t lines = WorkplaceSize::whole_lines(keys);
  return lines % 512 == 0 ? lines + 16 : lines;
}

// The part of a piece's keys from `first` on.
KeyRange part_of(const QueryBlocks& blocks, KeyRange keys, int64_t first) {
  return {first, std::min(first + blocks.keys, keys.last)};
}

// Whether a term can be added by the product: nothing comes between.
template <class T>
bool adds_in_product(const Attention<T>& task, const ScoreBias<T>& bias) {
  return bias.data != nullptr && task.softcap == 0 && task.scores == nullptr;
}

// The products of a block with some keys, whose weights lie where the scores do.
template <class T>
struct Products {
  ScoreProduct<T> scores;
  ValueProduct<T> values;
};

template <class T>
Products<T> products_of(const Grouped<T>& group, const QueryBlocks& blocks, const QueryBlock& block, KeyRange keys,
                        const Rows<T>& out, const Workplace<T>& place) {
  const Attention<T>& task = group.task;
  const int64_t stride = score_stride(blocks.keys);
  Products<T> products{score_product(group, block, keys, place.scores, stride),
                       value_product<T>(group, block, keys, place.scores, stride, out)};
  for (size_t i = 0; i < task.bias.size(); ++i) {
    const ScoreBias<T>& bias = task.bias[i];
    if (!adds_in_product(task, bias)) continue;
    products.scores.bias[i] = {bias.data + bias.at(block.batch, block.head, block.first) + keys.first * bias.key,
                               bias.row, bias.key};
  }
  if (task.causal && group.position == 1 && task.scores == nullptr) {
    products.scores.triangle = {true, block.first + task.sequences[block.batch].offset - keys.first};
    products.values.triangle = products.scores.triangle;
  }
  if (place.keys != nullptr) {
    products.scores.packed_k = place.keys + keys.first * task.width;
    products.values.packed_v = place.values + keys.first * kPackedKeys;
    products.values.packed_keys = place.packed;
  }
  return products;
}

template <class T>
void add_bias(const Attention<T>& task, const ScoreBias<T>& bias, const QueryBlock& block, int64_t row, KeyRange keys,
              T* x) {
  const int64_t at = bias.at(block.batch, block.head, row) + keys.first * bias.key;
  if (bias.shown != nullptr) {
    if (bias.key != 0) return hide(bias.shown + at, x, keys.count());
    if (!bias.shown[at]) std::fill_n(x, keys.count(), -std::numeric_limits<T>::infinity());
  } else if (bias.data != nullptr && !adds_in_product(task, bias)) {
    for (int64_t j = 0; j < keys.count(); ++j) x[j] += bias.data[at + j * bias.key];
  }
}

// What comes between the product and the weights of one query, and copies of it that are wanted.
template <class T>
void finish_scores(const Grouped<T>& group, const QueryBlock& block, int64_t row, KeyRange keys, KeyRange seen, T* x,
                   T* kept) {
  const Attention<T>& task = group.task;
  const auto keep = [&](ScoreStage stage) {
    if (kept != nullptr && task.stage == stage) std::copy_n(x, keys.count(), kept);
  };
  keep(ScoreStage::Scaled);
  if (task.softcap != 0) soft_cap(x, keys.count(), task.softcap);
  keep(ScoreStage::Capped);
  T* first = x + (seen.first - keys.first);
  for (const ScoreBias<T>& bias : task.bias) add_bias(task, bias, block, row, seen, first);
  if (kept == nullptr || task.stage != ScoreStage::Masked) return;
  std::fill(x, first, task.hidden_score);
  std::fill(x + (seen.last - keys.first), x + keys.count(), task.hidden_score);
  keep(ScoreStage::Masked);
}

// Turns the products of a block with `keys` into weights.
template <class T>
void weigh(const Grouped<T>& group, const QueryBlock& block, KeyRange keys, T* x, int64_t stride, WeighedRow<T>* rows) {
  const Attention<T>& task = group.task;
  const bool masks = task.bias[0].shown != nullptr || task.bias[1].shown != nullptr;
  const int64_t kept_stride = task.scores_row > 0 ? task.scores_row : task.keys;
  T* kept = nullptr;
  if (task.scores != nullptr) {
    kept = task.scores + ((block.batch * task.heads + block.head) * task.rows + block.first) * kept_stride;
  }
  for (int64_t i = 0; i < block.rows(); ++i) {
    const KeyRange seen = keys.common(group.visible(block.batch, block.first + i));
    rows[i].first = seen.first - keys.first;
    rows[i].last = seen.last - keys.first;
    if (kept == nullptr && task.softcap == 0 && !masks) continue;
    finish_scores(group, block, block.first + i, keys, seen, x + i * stride,
                  kept != nullptr ? kept + i * kept_stride : nullptr);
  }
  weigh_rows(x, stride, keys.count(), rows, block.rows());
  if (kept == nullptr || task.stage != ScoreStage::Softmax) return;
  for (int64_t i = 0; i < block.rows(); ++i) {
    scale_row(x + i * stride, kept + i * kept_stride, keys.count(), factor_of(rows[i]));
  }
}

// Packs keys and values of the block's head unless they are those of the block before.
template <class T>
void pack(const Grouped<T>& group, const QueryBlock& block, Workplace<T>& place) {
  const Attention<T>& task = group.task;
  const int64_t head = group.key_head(block);
  if (place.batch == block.batch && place.head == head) return;
  const int64_t keys = task.scores != nullptr ? task.keys : group.visible(block.batch, task.rows - 1).last;
  pack_keys<T>({task.k.at(block.batch, head, 0), task.k.layout.row}, keys, task.width, place.keys);
  pack_values<T>({task.v.at(block.batch, head, 0), task.v.layout.row}, keys, task.v_width, place.values);
  place.batch = block.batch;
  place.head = head;
  place.packed = keys;
}

}  // namespace

template <class T>
KeyRange keys_of(const Grouped<T>& group, const QueryBlocks& blocks, const QueryBlock& block, int64_t piece) {
  const int64_t all = group.task.keys;
  if (group.task.scores != nullptr) return {0, all};
  const KeyRange seen{group.visible(block.batch, block.first).first / kPackedKeys * kPackedKeys,
                      group.visible(block.batch, block.last - 1).last};
  return seen.common(blocks.piece(piece, all));
}

template <class T>
WorkplaceSize attend_size(const Grouped<T>& group, const QueryBlocks& blocks, bool packs) {
  WorkplaceSize size{blocks.height * score_stride(blocks.keys)};
  if (packs) {
    size.keys = packed_key_elements<T>(group.task.keys, group.task.width);
    size.values = packed_value_elements<T>(group.task.keys, group.task.v_width);
  }
  Workplace<T> none(nullptr, {});
  const auto count = [&](const QueryBlock& block, KeyRange keys) {
    auto [scores, values] = products_of(group, blocks, block, keys, output_rows(group, block), none);
    if (size.keys > 0)
      scores.packed_k = scores.k.data, values.packed_v = values.v.data;  // only whether there are any counts
    size.products = std::max({size.products, scores.scratch(), values.scratch()});
  };
  const Sequence* sequences = group.task.sequences;
  for (int64_t b = 0; b < group.task.batch; ++b) {
    const bool like_before =
        b > 0 && sequences[b].keys == sequences[b - 1].keys && sequences[b].offset == sequences[b - 1].offset;
    if (like_before) continue;
    for (int64_t n = 0; n < blocks.per_head * blocks.pieces; ++n) {  // one head is like another
      QueryBlock block = blocks.at(n / blocks.pieces);
      block.batch = b;
      const KeyRange keys = keys_of(group, blocks, block, n % blocks.pieces);
      count(block, part_of(blocks, keys, keys.first));
      if (keys.count() > blocks.keys) {
        count(block, part_of(blocks, keys, keys.first + (keys.count() - 1) / blocks.keys * blocks.keys));
      }
    }
  }
  return size;
}

// Part by part: scores, weights, and values weighed by these.
template <class T>
void attend(const Grouped<T>& group, const QueryBlocks& blocks, const Piece<T>& piece, Workplace<T>& place) {
  const Attention<T>& task = group.task;
  const int64_t stride = score_stride(blocks.keys);
  if (place.keys != nullptr) pack(group, piece.block, place);
  for (int64_t first = piece.keys.first; first == piece.keys.first || first < piece.keys.last; first += blocks.keys) {
    const KeyRange keys = part_of(blocks, piece.keys, first);
    auto [scores, values] = products_of(group, blocks, piece.block, keys, piece.out, place);
    scores.run(place.products);
    weigh(group, piece.block, keys, place.scores, stride, piece.rows);
    values.adds = first != piece.keys.first;
    for (int64_t i = 0; values.adds && i < piece.block.rows(); ++i) {
      T* row = piece.out.at(i);
      if (piece.rows[i].rescale != 1) scale_row(row, row, task.v_width, piece.rows[i].rescale);
    }
    values.run(place.products);
  }
}

template KeyRange keys_of(const Grouped<float>&, const QueryBlocks&, const QueryBlock&, int64_t);
template KeyRange keys_of(const Grouped<double>&, const QueryBlocks&, const QueryBlock&, int64_t);
template WorkplaceSize attend_size(const Grouped<float>&, const QueryBlocks&, bool);
template WorkplaceSize attend_size(const Grouped<double>&, const QueryBlocks&, bool);
template void attend(const Grouped<float>&, const QueryBlocks&, const Piece<float>&, Workplace<float>&);
template void attend(const Grouped<double>&, const QueryBlocks&, const Piece<double>&, Workplace<double>&);

}  // namespace mica
