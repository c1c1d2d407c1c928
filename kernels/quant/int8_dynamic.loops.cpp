#include "kernels/quant/int8_dynamic.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/matmul/activate_simd.h"
#include "kernels/quant/dynamic_quantize.h"
#include "kernels/quant/quantize_simd.h"
#include "runtime/base/half.h"
#include "runtime/base/unaligned.h"

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
    if (e.activation != Epilogue::Activation::None) activate_kernels().activate(e, y, 0, 1, count);
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

// Columns of weights as codes in panels, and their scales behind the panels.
class ColumnQuantizer {
 public:
  ColumnQuantizer(const Tensor& weights, const PanelLayout& layout, bool transposed)
      : weights_(weights), layout_(layout), transposed_(transposed) {}

  void run(int64_t begin, int64_t end, std::byte* to) {
    const int64_t width = int8_kernels().columns;
    float* scales = reinterpret_cast<float*>(to + layout_.bytes);
    floats_.resize(static_cast<size_t>(layout_.k * width));
    codes_.resize(floats_.size());
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t j = panel * width, columns = std::min(width, layout_.n - j);
      visit_dtype<float, Half, BFloat16>(weights_.dtype(), [&]<class T>() { load<T>(j, columns); });
      quantize(columns, scales + j);
      int8_kernels().pack_panel(reinterpret_cast<const uint8_t*>(codes_.data()), columns, 1, layout_.k, columns,
                                right_flip(true), const_cast<int8_t*>(layout_.panel(to, panel)),
                                const_cast<int32_t*>(layout_.sums(to)) + j);
    }
  }

 private:
  // Columns from `j` on, as rows of that many floats.
  template <class T>
  void load(int64_t j, int64_t columns) {
    float* to = floats_.data();
    for (int64_t p = 0; p < layout_.k; ++p) {
      for (int64_t i = 0; i < columns; ++i) {
        const int64_t at = transposed_ ? (j + i) * layout_.k + p : p * layout_.n + j + i;
        *to++ = static_cast<float>(element_at<T>(weights_, at));
      }
    }
  }

  void quantize(int64_t columns, float* scales) {
    constexpr float kUnits = 0x1.8p23f;  // sums with it are rounded to integers
    std::fill_n(scales, columns, 0.0f);
    const float* w = floats_.data();
    for (int64_t p = 0; p < layout_.k; ++p, w += columns) {
      for (int64_t i = 0; i < columns; ++i) scales[i] = std::max(scales[i], std::abs(w[i]));
    }
    for (int64_t i = 0; i < columns; ++i) scales[i] = scales[i] > 0 ? scales[i] / kMostCode : 1;
    w = floats_.data();
    int8_t* code = codes_.data();
    for (int64_t p = 0; p < layout_.k; ++p, w += columns, code += columns) {
      for (int64_t i = 0; i < columns; ++i) {
        const float rounded = w[i] / scales[i] + kUnits - kUnits;
        code[i] =
            static_cast<int8_t>(rounded > -kMostCode ? std::min(rounded, kMostCode) : -kMostCode);  // NaN: the least
      }
    }
  }

  const Tensor& weights_;
  const PanelLayout& layout_;
  const bool transposed_;
  std::vector<float> floats_;
  std::vector<int8_t> codes_;
};

}  // namespace

std::shared_ptr<const Int8Weights> Int8Weights::make(const Tensor* tensor, bool transposed) {
  if (tensor == nullptr || tensor->shape().rank() != 2) return nullptr;
  const int64_t rows = tensor->shape()[0], columns = tensor->shape()[1];
  const PanelLayout layout(transposed ? columns : rows, transposed ? rows : columns);
  PackTask task;
  task.form = transposed ? "int8 by column of the transpose" : "int8 by column";
  task.bytes = static_cast<size_t>(layout.bytes) + static_cast<size_t>(layout.n) * sizeof(float);
  task.parts = layout.panels;
  task.fill = [layout, transposed](const Tensor& constant, std::byte* to, int64_t begin, int64_t end) {
    ColumnQuantizer(constant, layout, transposed).run(begin, end, to);
  };
  return std::make_shared<Int8Weights>(Int8Weights{{layout, pack(*tensor, std::move(task))}});
}

void gemm_int8(const Operands& io, const float* a, const Int8Weights& weights, const Product& product) {
  const PanelLayout& panels = weights.codes.layout;
  const RowLayout layout(product.k);
  const QuantizedRows rows = quantize_rows(io, a, product.m, layout);
  const int64_t most = std::max(product.m, panels.padded_n);
  int32_t* nothing = io.scratch<int32_t>(most);
  std::fill_n(nothing, most, 0);
  const Int8Product operands{.a = rows.data,
                             .b = weights.codes.memory->data<std::byte>(),
                             .row_start = nothing,
                             .column_start = nothing,
                             .a_zero = rows.zeros,
                             .a_rest = nullptr,
                             .b_zero = nullptr};
  const RowFinisher finish(product, weights.scales(), rows.scales);
  multiply_int8(
      io.threads(), 1, product.m, layout, panels, [&](int64_t) { return operands; },
      [&](int64_t, int64_t row, int64_t column, int64_t count, const int32_t* sums) {
        finish(row, column, count, sums);
      });
}

}  // namespace mica
