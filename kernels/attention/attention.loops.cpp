#include "kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/attention/attend.h"
#include "kernels/attention/weights.h"

namespace mica {
namespace {

// A query that has seen no key yet, but for its sink.
template <class T>
WeighedRow<T> fresh_row(const Grouped<T>& group, const QueryBlock& block, int64_t row) {
  constexpr T kNothing = -std::numeric_limits<T>::infinity();
  const T* sinks = group.task.sinks;
  if (sinks == nullptr) return {0, 0, kNothing, 0, 1};
  const T sink = sinks[block.head * group.sink_head + (block.first + row) * group.sink_row];
  return {0, 0, sink, sink == kNothing ? T{0} : T{1}, 1};
}

template <class T>
void attend_block(const Grouped<T>& group, const QueryBlocks& blocks, const QueryBlock& block, Workplace<T>& place) {
  WeighedRow<T> rows[QueryBlocks::kMostRows];
  for (int64_t i = 0; i < block.rows(); ++i) rows[i] = fresh_row(group, block, i);
  const Piece<T> piece{block, keys_of(group, blocks, block, 0), rows, output_rows(group, block)};
  attend(group, blocks, piece, place);
  for (int64_t i = 0; i < block.rows(); ++i) {
    scale_row(piece.out.at(i), piece.out.at(i), group.task.v_width, factor_of(rows[i]));
  }
}

// Results of the pieces of all blocks, until they are joined.
template <class T>
struct Results {
  WeighedRow<T>* rows;
  T* values;
  int64_t height, width;  ///< of a piece

  WeighedRow<T>* rows_of(int64_t piece) const { return rows + piece * height; }
  Rows<T> values_of(int64_t piece) const { return {values + piece * height * width, width}; }
};

// Joins pieces [first, last) of a block, in their order: the result does not depend on threads.
template <class T>
void join(const Grouped<T>& group, const QueryBlock& block, const Results<T>& pieces, int64_t first, int64_t last) {
  const Rows<T> out = output_rows(group, block);
  for (int64_t i = 0; i < block.rows(); ++i) {
    WeighedRow<T> all = fresh_row(group, block, i);
    const T sink = all.highest;
    for (int64_t p = first; p < last; ++p) all.highest = std::max(all.highest, pieces.rows_of(p)[i].highest);
    const T shift = std::isinf(all.highest) && all.highest < 0 ? T{0} : all.highest;
    all.sum *= std::exp(sink - shift);
    std::fill_n(out.at(i), pieces.width, T{0});
    for (int64_t p = first; p < last; ++p) {
      const WeighedRow<T>& row = pieces.rows_of(p)[i];
      if (row.sum == 0) continue;
      const T weight = std::exp(row.highest - shift);
      all.sum += weight * row.sum;
      const T* values = pieces.values_of(p).at(i);
      for (int64_t d = 0; d < pieces.width; ++d) out.at(i)[d] += weight * values[d];
    }
    scale_row(out.at(i), out.at(i), pieces.width, factor_of(all));
  }
}

// Pieces on their own, joined when all are there.
template <class T>
void attend_pieces(const Operands& io, const Grouped<T>& group, const QueryBlocks& blocks) {
  const int64_t count = blocks.count * blocks.pieces, width = group.task.v_width;
  const Results<T> results{io.scratch<WeighedRow<T>>(count * blocks.height),
                           io.scratch<T>(count * blocks.height * width), blocks.height, width};
  const WorkplaceSize size = attend_size(group, blocks, false);
  for_each_piece(io, group.task, blocks, size, [&](const QueryBlock& block, int64_t index, Workplace<T>& place) {
    const int64_t n = (block.batch * blocks.heads + block.head) * blocks.pieces + index;
    std::fill_n(results.rows_of(n), block.rows(), WeighedRow<T>{0, 0, -std::numeric_limits<T>::infinity(), 0, 1});
    attend(group, blocks, {block, keys_of(group, blocks, block, index), results.rows_of(n), results.values_of(n)},
           place);
  });
  const int64_t grain = 1 + 16384 / std::max<int64_t>(1, blocks.pieces * blocks.height * width);
  io.threads().parallel_for(blocks.count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      join(group, blocks.at(n), results, n * blocks.pieces, (n + 1) * blocks.pieces);
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
  if (blocks.pieces > 1) return attend_pieces(io, group, blocks);
  const bool reused = blocks.per_head * (group.task.heads / group.task.kv_heads) > 1;
  const WorkplaceSize size = attend_size(group, blocks, reused && blocks.height > kRowsWorthPacking);
  for_each_piece(io, group.task, blocks, size, [&](const QueryBlock& block, int64_t, Workplace<T>& place) {
    attend_block(group, blocks, block, place);
  });
}

template float attention_scale(float, int64_t);
template double attention_scale(float, int64_t);
template void attention(const Operands&, const Attention<float>&);
template void attention(const Operands&, const Attention<double>&);

}  // namespace mica
