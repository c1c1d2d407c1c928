#include "kernels/matmul/library_product.h"

#include <optional>

#include "backends/cuda/cublas_lt.h"
#include "kernels/cuda/operand.h"
#include "kernels/matmul/gemm_op.h"
#include "kernels/matmul/own_product.h"

namespace mica {
namespace {

// How cuBLASLt takes an operand of `columns` columns; nullopt where neither rows nor columns are of adjacent elements.
std::optional<LtProduct::Operand> lt_operand(const cuda::GemmOperand& matrix, int64_t rows, int64_t columns,
                                             int64_t step) {
  if (matrix.column == 1 && matrix.row >= columns) return LtProduct::Operand{matrix.data, matrix.row, false, step};
  if (matrix.row == 1 && matrix.column >= rows) return LtProduct::Operand{matrix.data, matrix.column, true, step};
  return std::nullopt;
}

// Puts into `product` what is added: a row with factor 1 as the bias, and a matrix laid out as the result. False where
// there is something else.
bool add_to(LtProduct& product, const cuda::GemmCall& call, const cuda::GemmAddend& addend) {
  const auto& [data, row, column] = addend.matrix;
  if (data == nullptr) return true;
  if (row == 0 && column == 1 && addend.factor == 1 && product.bias == nullptr) {
    product.bias = data;
    return true;
  }
  if (row != call.c_row || column != 1 || product.c != nullptr || call.batch.elements != 1) return false;
  product.c = data;
  product.beta = addend.factor;
  return true;
}

// The call as cuBLASLt takes it; nullopt where it does not.
std::optional<LtProduct> lt_product(const cuda::GemmCall& call) {
  using Activation = Epilogue::Activation;
  const auto steps = call.batch.rank == 1 ? call.batch.steps[0] : cuda::Walk<3>::Steps{};
  const auto a = lt_operand(call.a, call.m, call.k, steps.of[0]), b = lt_operand(call.b, call.k, call.n, steps.of[1]);
  if (!a || !b || call.batch.rank > 1 || call.k == 0 || call.m * call.n * call.batch.elements == 0) return std::nullopt;
  LtProduct product{as_dtype(call.number), call.m, call.n, call.k, *a, *b, call.c, call.c_row, steps.of[2],
                    call.batch.elements};
  product.alpha = call.alpha;
  for (const cuda::GemmAddend& addend : call.addends) {
    if (!add_to(product, call, addend)) return std::nullopt;
  }
  switch (call.activation) {
    case Activation::None:
      return product;
    case Activation::Relu:
      product.activation = LtProduct::Activation::Relu;
      return product;
    case Activation::GeluTanh:
      product.activation = LtProduct::Activation::GeluTanh;
      return product;
    default:
      return std::nullopt;
  }
}

}  // namespace

bool try_library(const cuda::GemmCall& call, const DeviceOperands& io, bool tf32) {
  if (!cublas_lt_absence().empty()) return false;
  auto product = lt_product(call);
  if (!product) return false;
  product->tf32 = tf32;
  if (io.explains()) return io.explain("cublaslt"), true;
  void* workspace = io.scratch<std::byte>(static_cast<int64_t>(kLtWorkspace));
  return cublas_lt_multiply(*product, workspace, io.stream());
}

void multiply_by_library(const cuda::GemmCall& call, const DeviceOperands& io) {
  if (!cuda::is_gemv(call.m, call.n, call.k) && try_library(call, io, false)) return;
  multiply_by_own(call, io);
}

std::string refuse_library_for_linear(const void* params, std::span<const ValueType> inputs) {
  using enum Epilogue::Activation;
  const Linear& linear = *static_cast<const Linear*>(params);
  if (linear.activation != None && linear.activation != Relu && linear.activation != GeluTanh) {
    return "has no epilogue for " + linear.name;
  }
  return refuse_library(params, inputs);
}

std::string refuse_library(const void* params, std::span<const ValueType> inputs) {
  if (std::string why = cublas_lt_absence(); !why.empty()) return why;
  return takes_only({DType::F32, DType::F16, DType::BF16})(params, inputs);
}

}  // namespace mica
