// The products of blocks of queries with keys and values, and the memory that threads need for them.
#pragma once

#include "backends/cpu/thread_pool.h"
#include "kernels/attention/blocks.h"
#include "kernels/matmul/gemm_plan.h"

namespace mica {

/// Elements of the parts of a workplace.
struct WorkplaceSize {
  int64_t scores = 0, products = 0, keys = 0, values = 0;

  static int64_t whole_lines(int64_t elements) { return (elements + 15) / 16 * 16; }  // 64 bytes at least
  int64_t all() const { return whole_lines(scores) + whole_lines(products) + whole_lines(keys) + whole_lines(values); }
};

/// Scratch of one thread.
template <class T>
struct Workplace {
  T* scores = nullptr;
  T* products = nullptr;
  T* keys = nullptr;              ///< packed keys of one head; null: they are not packed
  T* values = nullptr;            ///< the same of values
  int64_t batch = -1, head = -1;  ///< whose these are
  int64_t packed = 0;             ///< how many

  Workplace(T* scratch, const WorkplaceSize& size) : scores(scratch) {
    products = scores + size.whole_lines(size.scores);
    T* const end = products + size.whole_lines(size.products);
    if (size.keys > 0) keys = end;
    if (size.values > 0) values = end + size.whole_lines(size.keys);
  }
};

/// Calls f(block, piece, workplace) for all pieces of all blocks, on as many threads as the work is worth.
template <class T, class F>
void for_each_piece(const Operands& io, const Attention<T>& task, const QueryBlocks& blocks, const WorkplaceSize& size,
                    F&& f) {
  constexpr int64_t kRowsForARead = 8;  // to read keys and values takes as long as to multiply so many queries by them
  const int64_t count = blocks.count * blocks.pieces;
  if (count == 0) return;
  const double work = 2.0 * static_cast<double>(task.batch * task.heads * std::max(task.rows, kRowsForARead)) *
                      static_cast<double>(task.keys) * static_cast<double>(task.width + task.v_width);
  const int64_t useful = 1 + static_cast<int64_t>(std::min(work / kWorthACore, 1e6));
  const int64_t parts = std::min<int64_t>({io.threads().threads(), count, useful});
  T* scratch = io.scratch<T>(parts * size.all());
  io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    Workplace<T> place(scratch + begin * size.all(), size);
    for (int64_t n = count * begin / parts; n < count * end / parts; ++n)
      f(blocks.at(n / blocks.pieces), n % blocks.pieces, place);
  });
}

/// The part `keys` of the scores of a block, of which a row is `stride` elements.
template <class T>
ScoreProduct<T> score_product(const Grouped<T>& group, const QueryBlock& block, KeyRange keys, T* scores,
                              int64_t stride) {
  const Attention<T>& task = group.task;
  ScoreProduct<T> product{block.rows(), keys.count(), task.width};
  product.q = {task.q.at(block.batch, block.head, block.first), task.q.layout.row};
  product.k = {task.k.at(block.batch, group.key_head(block), keys.first), task.k.layout.row};
  product.scale = task.scale;
  product.scores = {scores, stride};
  return product;
}

/// What weights of the part `keys`, of which a row is `stride` elements, make of the values, in `out`.
template <class T>
ValueProduct<T> value_product(const Grouped<T>& group, const QueryBlock& block, KeyRange keys, const T* weights,
                              int64_t stride, const Rows<T>& out) {
  const Attention<T>& task = group.task;
  ValueProduct<T> product{block.rows(), keys.count(), task.v_width, {weights, stride}};
  product.v = {task.v.at(block.batch, group.key_head(block), keys.first), task.v.layout.row};
  product.out = out;
  return product;
}

/// Where the results of a block belong.
template <class T>
Rows<T> output_rows(const Grouped<T>& group, const QueryBlock& block) {
  return {group.task.out.at(block.batch, block.head, block.first), group.task.out.layout.row};
}

}  // namespace mica
