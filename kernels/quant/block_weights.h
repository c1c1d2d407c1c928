// Constant weights of 2, 4 or 8 bits that are quantised in blocks along K, and products with them. (Those of
// MatMulNBits; the formula stands there.)
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/op.h"
#include "kernels/packing.h"
#include "kernels/quant/block_weights_simd.h"

namespace mica {

/// A matrix of N rows, each of `blocks` blocks.
struct BlockLayout {
  int64_t n, bits, block_size, blocks;

  int64_t padded_k() const { return blocks * block_size; }
};

/// The matrix in groups of rows, whose codes lie interleaved word by word: see BlockColumns. Packed at once or by the
/// Packer in use.
class BlockWeights {
 public:
  /// codes: [n, blocks, block_size * bits / 8] bytes; scales: [n, blocks] floats of any width; zeros: bytes with codes
  /// of `bits` bits, each row in whole bytes, or [n, blocks] floats of any width, or null; groups: for each of the
  /// first k elements of a row the block whose scale and zero it has, or null: they stand in their blocks. Null where
  /// something does not fit, and where a group has more elements than a block.
  static std::shared_ptr<const BlockWeights> make(const BlockLayout& layout, int64_t k, const Tensor* codes,
                                                  const Tensor* scales, const Tensor* zeros, const Tensor* groups);

  const BlockLayout& layout() const { return layout_; }
  bool had_zeros() const { return had_zeros_; }
  bool had_groups() const { return !order_.empty(); }
  /// Rows of A [m, k] with their elements where those of the weights are that they are multiplied by, padded with zeros
  /// to layout().padded_k(); where there were groups.
  const float* in_order(const Operands& io, const float* a, int64_t m, int64_t k) const;
  int64_t groups() const;
  BlockColumns group(int64_t index) const;

 private:
  explicit BlockWeights(const BlockLayout& layout) : layout_(layout) {}
  int64_t row_bytes() const { return layout_.padded_k() * layout_.bits / 8; }
  int64_t group_words() const;
  int64_t group_numbers() const;  ///< one a block of all columns of a group
  std::string rows_and_blocks() const;
  bool order_by(const Tensor& groups, int64_t k);
  PackTask words_task() const;
  PackTask numbers_task() const;
  PackTask zeros_task() const;

  BlockLayout layout_;
  bool had_zeros_ = false;
  std::vector<int32_t> order_;  ///< for each place in blocks the element that stands there, or -1; empty: all in order
  std::shared_ptr<const PackedBytes> words_, scales_;       ///< group by group
  std::shared_ptr<const PackedBytes> zeros_, zero_floats_;  ///< neither is there: all are the middle of the codes
};

/// y [m, n] = A [m, k] x weights' + bias, which has n elements or is null; k is at most layout().padded_k(). With
/// `as_bytes` each block of a row of A may be rounded to 8 bits by its largest magnitude.
void multiply_block_weights(const Operands& io, const float* a, int64_t m, int64_t k, const BlockWeights& weights,
                            bool as_bytes, const float* bias, float* y);

}  // namespace mica
