#include "kernels/quant/int8_dynamic.h"

#include <algorithm>
#include <cmath>

#include "kernels/matmul/tile_simd.h"
#include "kernels/quant/dynamic_quantize.h"
#include "kernels/quant/quantize_simd.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

constexpr float kMostCode = 127;

// Rows as bytes, packed, with what they are to be multiplied by.
struct QuantizedRows {
  const std::byte* data;
  const float* scales;
  const int32_t* zeros;
};

QuantizedRows quantize_rows(const Operands& io, const float* a, int64_t m, const RowLayout& layout) {
  const int64_t k = layout.k;
  std::byte* data = io.scratch<std::byte>(m * layout.pitch);
  uint8_t* bytes = io.scratch<uint8_t>(m * k);
  float* scales = io.scratch<float>(m);
  int32_t* zeros = io.scratch<int32_t>(m);
  io.threads().parallel_for(m, 1 + 16384 / (k + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const ByteScale by = dynamic_scale(a + i * k, k);
      quantize_kernels().quantize_by_factor_u8(a + i * k, 1 / by.scale, by.zero, bytes + i * k, k);
      int8_kernels().pack_row(bytes + i * k, 1, k, 0, data + i * layout.pitch);
      scales[i] = by.scale;
      zeros[i] = by.zero;
    }
  });
  return {data, scales, zeros};
}

// A stretch of a row of results, from its sums on.
class RowFinisher {
 public:
  RowFinisher(const Product& product, const float* column_scales, const float* row_scales)
      : p_(product), columns_(column_scales), rows_(row_scales) {}

  void operator()(int64_t row, int64_t column, int64_t count, const int32_t* sums) const {
    const Epilogue& e = p_.epilogue;
    float* y = p_.c + row * p_.c_row + column;
    float scales[Int8Piece::kWidth], added[Int8Piece::kWidth];
    const float factor = e.alpha * rows_[row];
    for (int64_t j = 0; j < count; ++j) scales[j] = factor * columns_[column + j];
    const bool adds = add(e.addends[0], row, column, count, false, added);
    const bool any = add(e.addends[1], row, column, count, adds, added) || adds;
    quantize_kernels().scale(sums, scales, any ? added : nullptr, y, count);
    if (e.activation != Epilogue::Activation::None) tile_kernels().activate(e, y, 0, 1, count);
  }

 private:
  static bool add(const Addend& x, int64_t row, int64_t column, int64_t count, bool more, float* to) {
    if (x.data == nullptr) return false;
    const float* from = x.data + row * x.row + column * x.column;
    for (int64_t j = 0; j < count; ++j) {
      const float value = x.factor * from[j * x.column];
      to[j] = more ? to[j] + value : value;
    }
    return true;
  }

  const Product& p_;
  const float* columns_;
  const float* rows_;
};

}  // namespace

std::shared_ptr<const Int8Weights> Int8Weights::make(const Tensor* tensor, bool transposed) {
  if (tensor == nullptr || tensor->shape().rank() != 2) return nullptr;
  Tensor wide(DType::F32, tensor->shape());
  convert_floats(tensor->dtype(), tensor->raw(), DType::F32, wide.mutable_data<float>(), wide.elements());
  const int64_t rows = wide.shape()[0], columns = wide.shape()[1];
  const int64_t k = transposed ? columns : rows, n = transposed ? rows : columns;
  const int64_t k_step = transposed ? 1 : columns, n_step = transposed ? columns : 1;
  const PanelLayout layout(k, n);
  auto weights =
      std::make_shared<Int8Weights>(Int8Weights{{layout, Tensor(DType::U8, {layout.bytes})}, Tensor(DType::F32, {n})});
  float* scales = weights->scales.mutable_data<float>();
  std::fill_n(scales, n, 0.0f);
  const float* w = wide.data<float>();
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      float& most = scales[transposed ? i : j];
      most = std::max(most, std::abs(w[i * columns + j]));
    }
  }
  for (int64_t j = 0; j < n; ++j) scales[j] = scales[j] > 0 ? scales[j] / kMostCode : 1;
  Tensor codes(DType::I8, wide.shape());
  int8_t* code = codes.mutable_data<int8_t>();
  constexpr float kUnits = 0x1.8p23f;  // sums with it are rounded to integers
  for (int64_t i = 0; i < rows; ++i, w += columns, code += columns) {
    for (int64_t j = 0; j < columns; ++j) {
      const float rounded = w[j] / scales[transposed ? i : j] + kUnits - kUnits;
      code[j] =
          static_cast<int8_t>(rounded > -kMostCode ? std::min(rounded, kMostCode) : -kMostCode);  // NaN: the least
    }
  }
  const ByteMatrices matrix{codes.data<uint8_t>(), k_step, n_step, 1, 0, true};
  pack_right(nullptr, matrix, layout, weights->codes.memory.mutable_data<std::byte>());
  return weights;
}

void gemm_int8(const Operands& io, const float* a, const Int8Weights& weights, const Product& product) {
  const PanelLayout& panels = weights.codes.layout;
  const RowLayout layout(product.k);
  const QuantizedRows rows = quantize_rows(io, a, product.m, layout);
  const int64_t most = std::max(product.m, panels.padded_n);
  int32_t* nothing = io.scratch<int32_t>(most);
  std::fill_n(nothing, most, 0);
  const Int8Product operands{.a = rows.data,
                             .b = weights.codes.memory.data<std::byte>(),
                             .row_start = nothing,
                             .column_start = nothing,
                             .a_zero = rows.zeros,
                             .a_rest = nullptr,
                             .b_zero = nullptr};
  const RowFinisher finish(product, weights.scales.data<float>(), rows.scales);
  multiply_int8(
      io.threads(), 1, product.m, layout, panels, [&](int64_t) { return operands; },
      [&](int64_t, int64_t row, int64_t column, int64_t count, const int32_t* sums) {
        finish(row, column, count, sums);
      });
}

}  // namespace mica
