// Attention in steps: all scores, and values weighed by all probabilities.
#include "kernels/attention/block_products.h"

namespace mica {
namespace {

// Runs product(block, row) for all blocks, of `elements` of scratch each; `row` is the block's first among all rows of
// the scores.
template <class T, class F>
void run_products(const Operands& io, const Attention<T>& task, F&& product) {
  const QueryBlocks blocks(task, true);
  if (blocks.count == 0) return;
  const auto row_of = [&](const QueryBlock& block) {
    return (block.batch * task.heads + block.head) * task.rows + block.first;
  };
  WorkplaceSize size;
  for (int64_t n = 0; n < blocks.per_head; ++n) {  // one head is like another
    const QueryBlock block = blocks.at(n);
    size.products = std::max(size.products, product(block, row_of(block)).scratch());
  }
  for_each_piece(io, task, blocks, size, [&](const QueryBlock& block, int64_t, Workplace<T>& place) {
    product(block, row_of(block)).run(place.products);
  });
}

}  // namespace

template <class T>
void attention_scores(const Operands& io, const Attention<T>& task, T* scores) {
  const Grouped<T> group{task};
  run_products(io, task, [&](const QueryBlock& block, int64_t row) {
    return score_product(group, block, {0, task.keys}, scores + row * task.keys, task.keys);
  });
}

template <class T>
void attention_values(const Operands& io, const Attention<T>& task, const T* probabilities) {
  const Grouped<T> group{task};
  run_products(io, task, [&](const QueryBlock& block, int64_t row) {
    return value_product(group, block, {0, task.keys}, probabilities + row * task.keys, task.keys,
                         output_rows(group, block));
  });
}

template void attention_scores(const Operands&, const Attention<float>&, float*);
template void attention_scores(const Operands&, const Attention<double>&, double*);
template void attention_values(const Operands&, const Attention<float>&, const float*);
template void attention_values(const Operands&, const Attention<double>&, const double*);

}  // namespace mica
