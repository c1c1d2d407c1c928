#include "kernels/matmul/bf16_gemm.h"

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

}  // namespace

bool multiplies_bf16() {
  return bf16_pack_kernels().native;
}

std::shared_ptr<const Bf16Weights> Bf16Weights::make(const Tensor* tensor, bool transposed) {
  if (!multiplies_bf16() || tensor == nullptr || tensor->shape().rank() < 2) return nullptr;
  const Shape& shape = tensor->shape();
  if (shape.elements(0, shape.rank() - 2) != 1) return nullptr;
  const auto floats = PackedMatrices::make(tensor, transposed);
  if (floats == nullptr) return nullptr;
  auto weights = std::make_shared<Bf16Weights>();
  const int64_t k = floats->k(), pairs = pairs_of(k);
  weights->k_ = k;
  weights->n_ = floats->n();
  weights->panels_ = Tensor(DType::F32, {packed_elements(pairs, weights->n_)});
  float* to = weights->panels_.mutable_data<float>();
  for (int64_t j = 0; j < weights->n_; j += kPanel) {
    bf16_pack_kernels().panel(floats->matrix(0) + j * k, k, to + j * pairs);
  }
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
