#include "kernels/matmul/bf16_gemm.h"

#include <algorithm>
#include <vector>

#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/bf16_pack_simd.h"
#include "kernels/matmul/bf16_tile_simd.h"
#include "kernels/matmul/gemm_kernels.h"
#include "kernels/matmul/packed.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

int64_t pairs_of(int64_t k) {
  return (k + 1) / 2;
}

// The rows as pairs, in scratch unless they are that already. `row`: elements from one row to the next.
const float* paired_rows(const Operands& io, const Bf16Rows& a, int64_t k, int64_t& row) {
  row = pairs_of(k);
  const bool aligned = reinterpret_cast<uintptr_t>(a.tensor.raw()) % alignof(float) == 0;
  if (a.tensor.dtype() == DType::BF16 && k % 2 == 0 && aligned) return static_cast<const float*>(a.tensor.raw());
  constexpr int64_t kLine = 16, kPage = 1024;
  row = (row + kLine - 1) / kLine * kLine;
  if (row % kPage == 0) row += kLine;
  const float* from = widen<float>(io, a.tensor);
  float* to = io.scratch<float>(a.m * row);
  const auto round = bf16_pack_kernels().row;
  io.threads().parallel_for(a.m, 1 + 32768 / (k + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) round(from + i * k, k, to + i * row);
  });
  return to;
}

// Rounds columns [j, j + columns) to panels of pairs, by way of a few rows of floats at a time.
void round_panels(const FloatMatrices& m, const Tensor& constant, int64_t j, int64_t columns, float* to) {
  constexpr int64_t kRows = 128;  // even: pairs are whole
  std::vector<float> floats(static_cast<size_t>(packed_elements(kRows, columns)));
  for (int64_t p = 0; p < m.k; p += kRows) {
    const int64_t rows = std::min(kRows, m.k - p);
    m.pack(constant, 0, p, rows, j, columns, floats.data(), rows * kPanel);
    for (int64_t i = 0; i < columns; i += kPanel) {
      bf16_pack_kernels().panel(floats.data() + i * rows, rows, to + i * pairs_of(m.k) + p / 2 * kPanel);
    }
  }
}

}  // namespace

bool multiplies_bf16() {
  return bf16_pack_kernels().native;
}

std::shared_ptr<const Bf16Weights> Bf16Weights::make(const Tensor* tensor, bool transposed) {
  const auto matrices = FloatMatrices::of(tensor, transposed);
  if (!multiplies_bf16() || !matrices || matrices->count != 1) return nullptr;
  auto weights = std::make_shared<Bf16Weights>();
  weights->k_ = matrices->k;
  weights->n_ = matrices->n;
  PackTask task;
  task.form = transposed ? "pairs of bfloat16 of the transpose" : "pairs of bfloat16";
  task.bytes = static_cast<size_t>(packed_elements(pairs_of(weights->k_), weights->n_)) * sizeof(float);
  task.parts = packed_parts(weights->n_);
  task.fill = [m = *matrices](const Tensor& constant, std::byte* bytes, int64_t begin, int64_t end) {
    for_each_packed_part(m.n, begin, end, [&](int64_t, int64_t j, int64_t columns) {
      round_panels(m, constant, j, columns, reinterpret_cast<float*>(bytes) + j * pairs_of(m.k));
    });
  };
  weights->panels_ = pack(*tensor, std::move(task));
  return weights;
}

void gemm_bf16(const Operands& io, const Bf16Rows& a, const Bf16Weights& weights, Product product) {
  product.m = a.m;
  product.n = weights.n();
  product.k = pairs_of(weights.k());
  int64_t row = 0;
  product.a.data = paired_rows(io, a, weights.k(), row);
  product.a.row = row;
  product.a.column = 1;
  product.packed_b = weights.panels();
  gemm(io, {.tile = &bf16_tile_kernels()}, product);
}

}  // namespace mica
