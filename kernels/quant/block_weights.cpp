#include "kernels/quant/block_weights.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/float_conversion.h"
#include "kernels/round_up.h"
#include "runtime/base/concat.h"
#include "runtime/base/content_hash.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

constexpr int64_t kWordBytes = sizeof(uint32_t);

uint8_t zero_point(const Tensor& zeros, const BlockLayout& layout, int64_t row, int64_t block) {
  const int64_t row_bytes = ceil_div(layout.blocks * layout.bits, 8), bit = block * layout.bits;
  return static_cast<uint8_t>(zeros.data<uint8_t>()[row * row_bytes + bit / 8] >> bit % 8 & ((1 << layout.bits) - 1));
}

bool are_middle(const Tensor& zeros, const BlockLayout& layout) {
  for (int64_t row = 0; row < layout.n; ++row) {
    for (int64_t block = 0; block < layout.blocks; ++block) {
      if (zero_point(zeros, layout, row, block) != 1 << (layout.bits - 1)) return false;
    }
  }
  return true;
}

/// Writes the codes of a row into zeros, each at the place that `order` has it at.
void put_in_order(const uint8_t* row, const std::vector<int32_t>& order, int64_t bits, uint8_t* to) {
  int64_t bit = 0;
  for (const int32_t element : order) {
    const int64_t from = element * bits;
    const int code = element < 0 ? 0 : row[from / 8] >> from % 8 & ((1 << bits) - 1);
    to[bit / 8] |= static_cast<uint8_t>(code << bit % 8);
    bit += bits;
  }
}

/// Writes number(row, block) of each row and block, by group, block and row; 0 for rows that fill up a group.
template <class T, class Number>
void by_group(const BlockLayout& layout, T* to, Number&& number) {
  const int64_t columns = block_weight_kernels().columns;
  for (int64_t first = 0; first < layout.n; first += columns) {
    for (int64_t block = 0; block < layout.blocks; ++block) {
      for (int64_t row = first; row < first + columns; ++row) *to++ = row < layout.n ? number(row, block) : T{0};
    }
  }
}

}  // namespace

int64_t BlockWeights::groups() const {
  return ceil_div(layout_.n, block_weight_kernels().columns);
}

int64_t BlockWeights::group_words() const {
  return row_bytes() / kWordBytes * block_weight_kernels().columns;
}

int64_t BlockWeights::group_numbers() const {
  return layout_.blocks * block_weight_kernels().columns;
}

BlockColumns BlockWeights::group(int64_t index) const {
  const int64_t numbers = index * group_numbers();
  return {.codes = words_->data<uint32_t>() + index * group_words(),
          .scales = scales_->data<float>() + numbers,
          .zeros = zeros_ != nullptr ? zeros_->data<uint8_t>() + numbers : nullptr,
          .zero_floats = zero_floats_ != nullptr ? zero_floats_->data<float>() + numbers : nullptr,
          .zero = static_cast<float>(1 << (layout_.bits - 1)),
          .blocks = layout_.blocks,
          .block_size = layout_.block_size};
}

std::shared_ptr<const BlockWeights> BlockWeights::make(const BlockLayout& layout, int64_t k, const Tensor* codes,
                                                       const Tensor* scales, const Tensor* zeros,
                                                       const Tensor* groups) {
  const int64_t n = layout.n, blocks = layout.blocks, bits = layout.bits;
  std::shared_ptr<BlockWeights> weights(new BlockWeights(layout));
  if (codes == nullptr || scales == nullptr || n == 0) return nullptr;
  if (codes->elements() != n * weights->row_bytes()) return nullptr;
  const auto are_numbers = [&](const Tensor& x) { return is_float(x.dtype()) && x.elements() == n * blocks; };
  if (!are_numbers(*scales)) return nullptr;
  const bool are_codes = zeros != nullptr && zeros->dtype() == DType::U8;
  if (are_codes && zeros->elements() != n * ceil_div(blocks * bits, 8)) return nullptr;
  if (zeros != nullptr && !are_codes && !are_numbers(*zeros)) return nullptr;
  if (groups != nullptr && !weights->order_by(*groups, k)) return nullptr;
  weights->had_zeros_ = zeros != nullptr;
  weights->words_ = pack(*codes, weights->words_task());
  weights->scales_ = pack(*scales, weights->numbers_task());
  if (are_codes && !are_middle(*zeros, layout)) weights->zeros_ = pack(*zeros, weights->zeros_task());
  if (zeros != nullptr && !are_codes) weights->zero_floats_ = pack(*zeros, weights->numbers_task());
  return weights;
}

bool BlockWeights::order_by(const Tensor& groups, int64_t k) {
  if (groups.dtype() != DType::I32 || groups.elements() < k) return false;
  std::vector<int64_t> filled(static_cast<size_t>(layout_.blocks));  // elements of each block
  order_.assign(static_cast<size_t>(layout_.padded_k()), -1);
  for (int64_t i = 0; i < k; ++i) {
    const auto group = element_at<int32_t>(groups, i);
    if (group < 0 || group >= layout_.blocks) return false;
    int64_t& count = filled[static_cast<size_t>(group)];
    if (count == layout_.block_size) return false;
    order_[static_cast<size_t>(group * layout_.block_size + count++)] = static_cast<int32_t>(i);
  }
  return true;
}

std::string BlockWeights::rows_and_blocks() const {
  return concat({" of ", layout_.n, " rows, ", layout_.blocks, " blocks, group by group"});
}

PackTask BlockWeights::words_task() const {
  PackTask task;
  task.form = "words" + rows_and_blocks();
  if (!order_.empty()) {
    task.form += concat({", in ", layout_.bits, " bits by order ", content_hash(std::as_bytes(std::span(order_)))});
  }
  task.bytes = static_cast<size_t>(groups() * group_words() * kWordBytes);
  task.parts = groups();
  task.fill = [layout = layout_, order = order_, row_bytes = row_bytes(), group_bytes = group_words() * kWordBytes](
                  const Tensor& codes, std::byte* to, int64_t begin, int64_t end) {
    const int64_t columns = block_weight_kernels().columns;
    std::vector<uint8_t> made(static_cast<size_t>(row_bytes));  // a row in order, or one that fills up a group
    for (int64_t row = begin * columns; row < end * columns; ++row) {
      const uint8_t* from = codes.data<uint8_t>() + row * row_bytes;
      if (row >= layout.n || !order.empty()) {
        std::ranges::fill(made, uint8_t{0});
        if (row < layout.n) put_in_order(from, order, layout.bits, made.data());
        from = made.data();
      }
      std::byte* word = to + row / columns * group_bytes + row % columns * kWordBytes;
      for (int64_t k = 0; k < row_bytes; k += kWordBytes, word += columns * kWordBytes) {
        std::memcpy(word, from + k, kWordBytes);
      }
    }
  };
  return task;
}

// Floats of any width.
PackTask BlockWeights::numbers_task() const {
  PackTask task;
  task.form = "floats" + rows_and_blocks();
  task.bytes = static_cast<size_t>(groups() * group_numbers()) * sizeof(float);
  task.fill = [layout = layout_](const Tensor& numbers, std::byte* to, int64_t, int64_t) {
    const Tensor given = aligned(numbers);
    std::vector<float> wide(static_cast<size_t>(given.elements()));
    convert_floats(given.dtype(), given.raw(), DType::F32, wide.data(), given.elements());
    by_group(layout, reinterpret_cast<float*>(to),
             [&](int64_t row, int64_t block) { return wide[static_cast<size_t>(row * layout.blocks + block)]; });
  };
  return task;
}

PackTask BlockWeights::zeros_task() const {
  PackTask task;
  task.form = concat({"zero points in ", layout_.bits, " bits", rows_and_blocks()});
  task.bytes = static_cast<size_t>(groups() * group_numbers());
  task.fill = [layout = layout_](const Tensor& zeros, std::byte* to, int64_t, int64_t) {
    by_group(layout, reinterpret_cast<uint8_t*>(to),
             [&](int64_t row, int64_t block) { return zero_point(zeros, layout, row, block); });
  };
  return task;
}

}  // namespace mica
