#include "kernels/matmul/packed.h"

#include <optional>

#include "kernels/matmul/gemm.h"
#include "kernels/matmul/pack_simd.h"
#include "kernels/matmul/tile_simd.h"

namespace mica {
namespace {

std::optional<Storage> storage_of(DType dtype) {
  switch (dtype) {
    case DType::F32:
      return Storage::F32;
    case DType::F16:
      return Storage::F16;
    case DType::BF16:
      return Storage::BF16;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::shared_ptr<const PackedMatrices> PackedMatrices::make(const Tensor* tensor, bool transposed) {
  if (tensor == nullptr || tensor->shape().rank() < 2 || tensor->elements() == 0) return nullptr;
  const auto storage = storage_of(tensor->dtype());
  const Shape& shape = tensor->shape();
  const int64_t rows = shape[shape.rank() - 2], columns = shape.back();
  const int64_t k = transposed ? columns : rows, n = transposed ? rows : columns;
  if (!storage || n == 1) return nullptr;

  const int64_t count = shape.elements(0, shape.rank() - 2);
  auto packed = std::make_shared<PackedMatrices>();
  packed->k_ = k;
  packed->n_ = n;
  packed->stride_ = packed_elements(k, n);
  packed->panels_ = Tensor(DType::F32, {count, packed->stride_});
  const auto& kernels = transposed ? pack_kernels().transposed_panels : pack_kernels().panels;
  const size_t matrix_bytes = tensor->bytes() / static_cast<size_t>(count);
  for (int64_t i = 0; i < count; ++i) {
    const std::byte* from = static_cast<const std::byte*>(tensor->raw()) + static_cast<size_t>(i) * matrix_bytes;
    float* to = packed->panels_.mutable_data<float>() + i * packed->stride_;
    kernels[static_cast<size_t>(*storage)](from, columns, k, n, to, k * kPanel);
  }
  return packed;
}

}  // namespace mica
