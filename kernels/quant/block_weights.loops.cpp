#include "kernels/quant/block_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/gemm.h"
#include "kernels/quant/block_bytes_simd.h"
#include "kernels/round_up.h"
#include "kernels/wide_operands.h"
#include "runtime/base/content_hash.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

constexpr int64_t kWordBytes = sizeof(uint32_t);

template <class Loop>
Loop of_bits(int64_t bits, Loop two, Loop four, Loop eight) {
  return bits == 2 ? two : bits == 4 ? four : eight;
}

/// Rows of A, padded with zeros to whole blocks, with the sum of each block.
struct PaddedRows {
  const float* a;
  int64_t pitch;
  float* sums;
};

PaddedRows padded_rows(const Operands& io, const float* a, int64_t m, int64_t k, const BlockLayout& layout) {
  const int64_t padded = layout.padded_k();
  PaddedRows rows{a, padded, io.scratch<float>(m * layout.blocks)};
  if (padded != k) {
    float* copy = io.scratch<float>(m * padded);
    for (int64_t i = 0; i < m; ++i) {
      std::copy_n(a + i * k, k, copy + i * padded);
      std::fill_n(copy + i * padded + k, padded - k, 0.0f);
    }
    rows.a = copy;
  }
  for (int64_t i = 0; i < m * layout.blocks; ++i) {
    float sum = 0;
    for (int64_t j = 0; j < layout.block_size; ++j) sum += rows.a[i * layout.block_size + j];
    rows.sums[i] = sum;
  }
  return rows;
}

/// Rows of A in bytes.
struct ByteRows {
  const int8_t* a;
  int64_t pitch;
  const float* scales;
  const float* sums;
};

ByteRows byte_rows(const Operands& io, const float* a, int64_t m, int64_t k, const BlockLayout& layout) {
  constexpr float kMost = 127, kUnits = 0x1.8p23f;  // sums with kUnits are rounded to integers
  constexpr int64_t kEven[] = {0, 4, 1, 5, 2, 6, 3, 7};
  const int64_t padded = layout.padded_k(), size = layout.block_size, blocks = layout.blocks;
  int8_t* bytes = io.scratch<int8_t>(m * padded);
  float* scales = io.scratch<float>(m * blocks);
  float* sums = io.scratch<float>(m * blocks);
  io.threads().parallel_for(m * blocks, 1 + 8192 / size, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % blocks * size, count = std::min(size, k - first);
      const float* from = a + i / blocks * k + first;
      int8_t* to = bytes + i * size;
      float most = 0;
      for (int64_t j = 0; j < count; ++j) most = std::max(most, std::abs(from[j]));
      const float factor = most > 0 && most <= std::numeric_limits<float>::max() ? kMost / most : 0;
      int32_t sum = 0;
      for (int64_t j = 0; j < size; ++j) {
        const auto code = static_cast<int8_t>(j < count && factor > 0 ? from[j] * factor + kUnits - kUnits : 0);
        to[layout.bits == 4 ? j / 8 * 8 + kEven[j % 8] : j] = code;
        sum += code;
      }
      scales[i] = factor > 0 ? most / kMost : most;  // infinity makes what it should: NaN
      sums[i] = static_cast<float>(sum) * scales[i];
    }
  });
  return {bytes, padded, scales, sums};
}

/// Multiplies all rows by each group of columns: multiply(columns, first row, rows, y).
template <class Multiply>
void for_each_group(const Operands& io, int64_t m, const BlockWeights& weights, const float* bias, float* y,
                    Multiply&& multiply) {
  const int64_t columns = block_weight_kernels().columns, n = weights.layout().n;
  const int64_t work = columns * weights.layout().padded_k() * std::max<int64_t>(m, 2);
  io.threads().parallel_for(weights.groups(), 1 + 100000 / work, [&](int64_t begin, int64_t end) {
    constexpr int64_t kMostColumns = 64;
    float results[kMostBlockRows * kMostColumns];
    for (int64_t group = begin; group < end; ++group) {
      const BlockColumns block = weights.group(group);
      const int64_t first = group * columns, count = std::min(columns, n - first);
      for (int64_t row = 0; row < m; row += kMostBlockRows) {
        const int64_t rows = std::min(kMostBlockRows, m - row);
        multiply(block, row, rows, results);
        for (int64_t r = 0; r < rows; ++r) {
          float* to = y + (row + r) * n + first;
          for (int64_t j = 0; j < count; ++j) {
            to[j] = results[r * columns + j] + (bias != nullptr ? bias[first + j] : 0.0f);
          }
        }
      }
    }
  });
}

void multiply_bytes(const Operands& io, const float* a, int64_t m, int64_t k, const BlockWeights& weights,
                    const float* bias, float* y) {
  const BlockLayout& layout = weights.layout();
  const ByteRows rows = byte_rows(io, a, m, k, layout);
  const auto kernel = layout.bits == 4 ? block_byte_kernels().multiply4 : block_byte_kernels().multiply8;
  for_each_group(io, m, weights, bias, y, [&](const BlockColumns& columns, int64_t row, int64_t count, float* to) {
    kernel({.weights = columns,
            .a = rows.a + row * rows.pitch,
            .a_pitch = rows.pitch,
            .scales = rows.scales + row * layout.blocks,
            .sums = rows.sums + row * layout.blocks,
            .rows = count,
            .y = to});
  });
}

void multiply_floats(const Operands& io, const float* a, int64_t m, int64_t k, const BlockWeights& weights,
                     const float* bias, float* y) {
  const BlockLayout& layout = weights.layout();
  const PaddedRows rows = padded_rows(io, a, m, k, layout);
  const BlockWeightKernels& kernels = block_weight_kernels();
  const auto kernel = of_bits(layout.bits, kernels.multiply2, kernels.multiply4, kernels.multiply8);
  for_each_group(io, m, weights, bias, y, [&](const BlockColumns& columns, int64_t row, int64_t count, float* to) {
    kernel({.weights = columns,
            .a = rows.a + row * rows.pitch,
            .a_pitch = rows.pitch,
            .sums = rows.sums + row * layout.blocks,
            .rows = count,
            .y = to});
  });
}

/// Weights become floats where `gemm` wants them.
void multiply_decoded(const Operands& io, const float* a, int64_t m, int64_t k, const BlockWeights& weights,
                      const float* bias, float* y) {
  const BlockLayout& layout = weights.layout();
  const BlockWeightKernels& kernels = block_weight_kernels();
  const auto decode = of_bits(layout.bits, kernels.decode2, kernels.decode4, kernels.decode8);
  const int64_t columns = kernels.columns;
  constexpr int64_t kPanel = 16;  // columns
  const auto fill = [&](const PanelBlock& block, float* to) {
    const int64_t end = block.j0 + block.n;
    for (int64_t j = block.j0, next; j < end; j = next) {
      next = std::min((j / columns + 1) * columns, ceil_div(end, kPanel) * kPanel);
      BlockColumns group = weights.group(j / columns);
      const int64_t within = j % columns;
      group.codes += within;
      group.scales += within;
      if (group.zeros != nullptr) group.zeros += within;
      if (group.zero_floats != nullptr) group.zero_floats += within;
      decode({group, block.k0, block.k, to + (j - block.j0) / kPanel * block.panel, block.panel}, (next - j) / kPanel);
    }
  };
  const FillPanels fill_b = fill;
  Product product{.m = m, .n = layout.n, .k = k, .a = {a, k, 1}, .c = y, .c_row = layout.n};
  product.fill_b = &fill_b;
  if (bias != nullptr) product.epilogue.addends[0] = {bias, 0, 1, 1};
  gemm(io, product);
}

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

const float* BlockWeights::in_order(const Operands& io, const float* a, int64_t m, int64_t k) const {
  const int64_t padded = layout_.padded_k();
  float* ordered = io.scratch<float>(m * padded);
  io.threads().parallel_for(m, 1 + 16384 / padded, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* to = ordered + i * padded;
      for (const int32_t element : order_) *to++ = element < 0 ? 0 : a[i * k + element];
    }
  });
  return ordered;
}

std::string BlockWeights::rows_and_blocks() const {
  return " of " + std::to_string(layout_.n) + " rows, " + std::to_string(layout_.blocks) + " blocks, group by group";
}

PackTask BlockWeights::words_task() const {
  PackTask task;
  task.form = "words" + rows_and_blocks();
  if (!order_.empty()) {
    task.form += ", in " + std::to_string(layout_.bits) + " bits by order " +
                 content_hash(std::as_bytes(std::span(order_))).str();
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
  task.form = "zero points in " + std::to_string(layout_.bits) + " bits" + rows_and_blocks();
  task.bytes = static_cast<size_t>(groups() * group_numbers());
  task.fill = [layout = layout_](const Tensor& zeros, std::byte* to, int64_t, int64_t) {
    by_group(layout, reinterpret_cast<uint8_t*>(to),
             [&](int64_t row, int64_t block) { return zero_point(zeros, layout, row, block); });
  };
  return task;
}

void multiply_block_weights(const Operands& io, const float* a, int64_t m, int64_t k, const BlockWeights& weights,
                            bool as_bytes, const float* bias, float* y) {
  constexpr int64_t kFewRows = 8;
  if (weights.had_groups()) {
    a = weights.in_order(io, a, m, k);
    k = weights.layout().padded_k();
  }
  const int64_t bits = weights.layout().bits;
  const bool has_kernel = bits == 4 || (bits == 8 && block_byte_kernels().multiply8 != nullptr);
  if (as_bytes && has_kernel) return multiply_bytes(io, a, m, k, weights, bias, y);
  if (m <= kFewRows) return multiply_floats(io, a, m, k, weights, bias, y);
  multiply_decoded(io, a, m, k, weights, bias, y);
}

}  // namespace mica
