// Products of bfloat16 with the loops of every instruction set this CPU has, against double, and the operators that use
// them.
#include "kernels/matmul/bf16_gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/matmul/bf16_pack_simd.h"
#include "kernels/matmul/bf16_tile_simd.h"
#include "kernels/matmul/gemm_kernels.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "tests/unit/run_op.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

std::vector<float> random_floats(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(-1, 1);
  std::vector<float> result(static_cast<size_t>(count));
  for (float& x : result) x = value(random);
  return result;
}

double rounded(float x) {
  return static_cast<double>(static_cast<float>(BFloat16(x)));
}

// Every number of rows and of columns that a tile treats differently, k of both parities.
TEST(Bf16Kernels, EveryTile) {
  const auto packs = runnable(bf16_pack_kernels_all());
  const auto tiles = runnable(bf16_tile_kernels_all());
  for (size_t isa = 0; isa < tiles.size(); ++isa) {
    for (const int64_t k : {1, 2, 7, 33, 64}) {
      for (int64_t m = 1; m <= 13; ++m) {
        const int64_t n = 1 + (17 * m + k) % 80, pairs = (k + 1) / 2, panels = (n + kPanel - 1) / kPanel;
        const std::vector<float> a = random_floats(m * k, 1), b = random_floats(k * n, 2), bias = random_floats(n, 3);
        std::vector<float> rows(static_cast<size_t>(m * pairs)), c(static_cast<size_t>(m * n), NAN);
        std::vector<float> floats(static_cast<size_t>(panels * kPanel * k)), packed(rows.size() + floats.size());
        packed.resize(static_cast<size_t>(panels * kPanel * pairs));
        pack({b.data(), n, 1}, k, n, floats.data());
        for (int64_t i = 0; i < m; ++i) packs[isa].table->row(a.data() + i * k, k, rows.data() + i * pairs);
        for (int64_t j = 0; j < panels; ++j) {
          packs[isa].table->panel(floats.data() + j * kPanel * k, k, packed.data() + j * kPanel * pairs);
        }
        Product product{m, n, pairs, {rows.data(), pairs, 1}};
        product.packed_b = packed.data();
        product.c = c.data();
        product.c_row = n;
        product.epilogue.addends[0] = {bias.data(), 0, 1, 1};
        const GemmKernels kernels{.tile = tiles[isa].table};
        std::vector<float> scratch(static_cast<size_t>(scratch_elements(kernels, product)));
        gemm(kernels, product, scratch.data());
        for (int64_t i = 0; i < m; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            double sum = bias[static_cast<size_t>(j)], magnitude = std::abs(sum);
            for (int64_t p = 0; p < k; ++p) {
              const double term =
                  rounded(a[static_cast<size_t>(i * k + p)]) * rounded(b[static_cast<size_t>(p * n + j)]);
              sum += term;
              magnitude += std::abs(term);
            }
            ASSERT_NEAR(c[static_cast<size_t>(i * n + j)], sum, tolerance::sum(k + 1) * magnitude + 1e-30)
                << tiles[isa].isa << " " << m << "x" << n << "x" << k << " at " << i << "," << j;
          }
        }
      }
    }
  }
}

// Tensors of bfloat16 whose products are exact: the result is rounded once.
TEST(Bf16Kernels, MatMulOfBFloat16Tensors) {
  const int64_t m = 5, k = 6, n = 20;
  std::vector<BFloat16> a, b;
  for (int64_t i = 0; i < m * k; ++i) a.emplace_back(static_cast<float>(i % 7 - 3));
  for (int64_t i = 0; i < k * n; ++i) b.emplace_back(static_cast<float>(i % 5 - 2));
  const auto y = run_op({"MatMul", 13}, {Tensor::of<BFloat16>({m, k}, std::span<const BFloat16>(a)),
                                         Tensor::of<BFloat16>({k, n}, std::span<const BFloat16>(b))});
  const auto got = y[0].tensor.as<BFloat16>();
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      float sum = 0;
      for (int64_t p = 0; p < k; ++p) {
        sum += static_cast<float>(a[static_cast<size_t>(i * k + p)]) *
               static_cast<float>(b[static_cast<size_t>(p * n + j)]);
      }
      EXPECT_EQ(static_cast<float>(got[static_cast<size_t>(i * n + j)]), static_cast<float>(BFloat16(sum)));
    }
  }
}

}  // namespace
}  // namespace mica
