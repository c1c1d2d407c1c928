#include "kernels/quant/int8_matmul.h"

#include "kernels/quant/quantize_simd.h"
#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

ByteMatrices matrices_of(const Tensor& tensor, const MatrixStack& stack) {
  const int64_t size = stack.rows * stack.columns;
  const int64_t count = size > 0 ? tensor.elements() / size : 1;
  return {tensor.data<uint8_t>(), stack.row_stride, stack.column_stride, count, size, tensor.dtype() == DType::I8};
}

const int64_t* matrix_index(const Operands& io, const MatrixStack& stack, int64_t products) {
  const int64_t size = std::max<int64_t>(1, stack.rows * stack.columns);
  int64_t* index = io.scratch<int64_t>(products);
  for (int64_t i = 0; i < products; ++i) index[i] = batch_offset(stack, i) / size;
  return index;
}

const int32_t* row_starts(const Operands& io, int64_t count, const int32_t* rests, const ZeroPoints& b_zeros) {
  int32_t* start = io.scratch<int32_t>(count);
  zero_products(rests, count, b_zeros, start);
  return start;
}

const int32_t* column_starts(const Operands& io, const std::byte* b, const PanelLayout& panels, int64_t matrices,
                             const ZeroPoints& a_zeros) {
  int32_t* start = io.scratch<int32_t>(matrices * panels.padded_n);
  for (int64_t i = 0; i < matrices; ++i) {
    zero_products(panels.sums(b + i * panels.bytes), panels.padded_n, a_zeros, start + i * panels.padded_n);
  }
  return start;
}

// `count` numbers, which are those given over and over, times factor / divisor.
const float* repeat(const Operands& io, const float* from, int64_t given, int64_t count, float factor, float divisor) {
  float* to = io.scratch<float>(count);
  for (int64_t i = 0; i < count; i += given) {
    for (int64_t j = 0; j < std::min(given, count - i); ++j) to[i + j] = factor * from[j] / divisor;
  }
  return to;
}

int64_t matrix_rows(const Shape& shape, MatMulSide side) {
  return shape.rank() < 2 ? 1 : side.transpose ? shape.back() : shape[shape.rank() - 2];
}

}  // namespace

std::shared_ptr<const PackedRight> pack_constant(const Tensor* b, MatMulSide side) {
  if (b == nullptr || b->shape().rank() == 0) return nullptr;
  const MatrixStack stack = matmul_stack(b->shape(), side, false);
  const int64_t count = matrices_of(*b, stack).count;
  const PanelLayout layout(stack.rows, stack.columns);
  PackTask task;
  task.form = std::string("panels of bytes") + (side.transpose ? " of the transpose" : "") +
              (side.transpose_batch ? ", dim 0 moved" : "");
  task.bytes = static_cast<size_t>(count * layout.bytes);
  task.parts = count * layout.panels;
  task.fill = [stack, layout](const Tensor& constant, std::byte* to, int64_t begin, int64_t end) {
    pack_right_panels(matrices_of(constant, stack), layout, begin, end, to);
  };
  return std::make_shared<PackedRight>(PackedRight{layout, pack(*b, std::move(task))});
}

Int8MatMul prepare_matmul(const Operands& io, const ByteOperand& a, const ByteOperand& b, const Shape& y,
                          const PackedRight* packed) {
  const MatMulProblem p = matmul_problem(a.matrix.shape(), a.side, b.matrix.shape(), b.side, y);
  const ByteMatrices left = matrices_of(a.matrix, p.a);
  const ByteMatrices right = matrices_of(b.matrix, p.b);
  const RowLayout rows(p.a.columns);
  const PanelLayout panels(p.b.rows, p.b.columns);
  const int64_t m = p.a.rows;
  const int64_t products = p.batch.elements();
  const ZeroPoints a_zeros =
      repeat_zeros(io, a.zero, matrix_rows(a.matrix.shape(), a.side), left.count, m, m, left_shift(left.is_signed));
  const ZeroPoints b_zeros =
      repeat_zeros(io, b.zero, panels.n, right.count, panels.n, panels.padded_n, right_shift(right.is_signed));
  const PackedRows packed_rows = pack_left(io, left, m, rows, a_zeros);
  const std::byte* packed_panels = packed != nullptr ? packed->memory->data<std::byte>() : nullptr;
  if (packed == nullptr) {
    std::byte* memory = io.scratch<std::byte>(right.count * panels.bytes);
    pack_right(&io.threads(), right, panels, memory);
    packed_panels = memory;
  }
  return {.products = products,
          .rows = m,
          .columns = panels.n,
          .a_matrices = left.count,
          .b_matrices = right.count,
          .row_layout = rows,
          .panels = panels,
          .a = packed_rows.data,
          .b = packed_panels,
          .row_start = row_starts(io, left.count * m, packed_rows.rests, b_zeros),
          .column_start = column_starts(io, packed_panels, panels, right.count, a_zeros),
          .a_zero = a_zeros.uniform ? nullptr : a_zeros.all,
          .a_rest = packed_rows.rests,
          .b_zero = b_zeros.uniform ? nullptr : b_zeros.all,
          .a_index = matrix_index(io, p.a, products),
          .b_index = matrix_index(io, p.b, products)};
}

ProductScales::ProductScales(const Operands& io, const Int8MatMul& m, size_t a, size_t b, float divisor) : m_(m) {
  const int64_t given = io.in(a).elements();
  const float* scales = load_parameters<float>(io, a, given);
  if (given == 1) {
    set_columns(io, b, scales[0], divisor);
    return;
  }
  const int64_t rows = m.a_matrices * m.rows;
  if (given == 0 || rows % given != 0) {
    throw_error(ErrorCode::InvalidArgument,
                {"scale ", io.in(a), " is neither one nor one for each of ", m.rows, " rows"});
  }
  rows_ = repeat(io, scales, given, rows, 1, 1);
  set_columns(io, b, 1, divisor);
}

ProductScales::ProductScales(const Operands& io, const Int8MatMul& m, float a, size_t b) : m_(m) {
  set_columns(io, b, a, 1);
}

void ProductScales::set_columns(const Operands& io, size_t b, float factor, float divisor) {
  const int64_t given = io.in(b).elements();
  const int64_t count = m_.b_matrices * m_.columns;
  if (given != 1 && given != m_.columns && given != count) {
    throw_error(ErrorCode::InvalidArgument,
                {"scale ", io.in(b), " is neither one nor one for each of ", m_.columns, " columns"});
  }
  columns_ = repeat(io, load_parameters<float>(io, b, given), given, count, factor, divisor);
}

const float* ProductScales::at(int64_t product, int64_t row, int64_t column, int64_t count, float* local) const {
  const float* columns = columns_ + m_.b_index[product] * m_.columns + column;
  if (rows_ == nullptr) return columns;
  const float factor = rows_[m_.a_index[product] * m_.rows + row];
  for (int64_t i = 0; i < count; ++i) local[i] = factor * columns[i];
  return local;
}

void multiply_to_float(const Operands& io, const Int8MatMul& m, const ProductScales& scales, size_t bias, float* y) {
  if (io.has(bias) && io.in(bias).elements() != m.columns) {
    throw_error(ErrorCode::InvalidArgument, {"bias ", io.in(bias), " does not have ", m.columns, " elements"});
  }
  const float* terms = widen_optional<float>(io, bias);
  const auto scale = quantize_kernels().scale;
  multiply_int8(io.threads(), m, [&](int64_t i, int64_t row, int64_t column, int64_t count, const int32_t* sums) {
    float local[Int8Piece::kWidth];
    scale(sums, scales.at(i, row, column, count, local), terms != nullptr ? terms + column : nullptr,
          y + (i * m.rows + row) * m.columns + column, count);
  });
}

}  // namespace mica
