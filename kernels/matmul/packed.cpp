#include "kernels/matmul/packed.h"

#include "kernels/matmul/gemm.h"
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

std::optional<FloatMatrices> FloatMatrices::of(const Tensor* tensor, bool transposed) {
  if (tensor == nullptr || tensor->shape().rank() < 2 || tensor->elements() == 0) return std::nullopt;
  const auto storage = storage_of(tensor->dtype());
  const Shape& shape = tensor->shape();
  const int64_t rows = shape[shape.rank() - 2], columns = shape.back();
  const int64_t n = transposed ? rows : columns;
  if (!storage || n == 1) return std::nullopt;
  return FloatMatrices{*storage, transposed, shape.elements(0, shape.rank() - 2), transposed ? columns : rows, n};
}

void FloatMatrices::pack(const Tensor& tensor, int64_t index, int64_t p, int64_t rows, int64_t j, int64_t columns,
                         float* to, int64_t to_panel) const {
  const int64_t element = bit_width(tensor.dtype()) / 8;
  const int64_t stride = transposed ? k : n;
  const int64_t first = index * k * n + (transposed ? j * stride + p : p * stride + j);
  const auto& kernels = transposed ? pack_kernels().transposed_panels : pack_kernels().panels;
  const std::byte* from = static_cast<const std::byte*>(tensor.raw()) + first * element;
  kernels[static_cast<size_t>(storage)](from, stride, rows, columns, to, to_panel);
}

std::shared_ptr<const PackedMatrices> PackedMatrices::make(const Tensor* tensor, bool transposed, bool can_wait) {
  const auto matrices = FloatMatrices::of(tensor, transposed);
  if (!matrices) return nullptr;
  const std::shared_ptr<PackedMatrices> packed(new PackedMatrices(*matrices));
  PackTask task;
  task.form = transposed ? "panels of the transpose" : "panels";
  task.bytes = static_cast<size_t>(matrices->count * packed->stride_) * sizeof(float);
  task.parts = matrices->count * packed_parts(matrices->n);
  task.can_wait = can_wait;
  task.fill = [m = *matrices, stride = packed->stride_](const Tensor& constant, std::byte* bytes, int64_t begin,
                                                        int64_t end) {
    float* to = reinterpret_cast<float*>(bytes);
    for_each_packed_part(m.n, begin, end, [&](int64_t index, int64_t j, int64_t columns) {
      m.pack(constant, index, 0, m.k, j, columns, to + index * stride + j * m.k, m.k * kPanel);
    });
  };
  packed->panels_ = mica::pack(*tensor, std::move(task));
  return packed;
}

void RightOperand::set(Product& product, int64_t index) const {
  if (packed_ != nullptr) {
    product.packed_b = packed_ + index * matrices_.stride_;
    return;
  }
  product.fill_b = &fill_;
  product.fill_index = index;
  product.sums_as_packed = true;
  const FloatMatrices& m = matrices_.matrices_;
  if (m.storage != Storage::F32 || m.transposed) return;
  product.b = {static_cast<const float*>(constant_.raw()) + index * m.k * m.n, m.n, 1};
}

void RightOperand::operator()(const PanelBlock& block, float* to) const {
  matrices_.matrices_.pack(constant_, block.index, block.k0, block.k, block.j0, block.n, to, block.panel);
}

}  // namespace mica
