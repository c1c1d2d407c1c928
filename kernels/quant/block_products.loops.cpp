#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/gemm.h"
#include "kernels/quant/block_bytes_simd.h"
#include "kernels/quant/block_weights.h"
#include "kernels/round_up.h"

namespace mica {
namespace {

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

}  // namespace

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
