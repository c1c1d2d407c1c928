// MatMul, ai.onnx 1: numpy.matmul, A x B with broadcast batch dims; a vector is a row on the left, a column on the
// right. FusedMatMul, com.microsoft 1: alpha * A' x B', where trans* swaps an operand's last two dims, and transBatch*
// first moves its dim 0 to the next-to-last place.
#include <optional>

#include "kernels/flop_rules.h"
#include "kernels/matmul/low_precision.h"
#include "kernels/matmul/matmul_shape.h"
#include "kernels/op.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

void infer(const MatMul& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  ctx.set(0, ctx.dtype(0), matmul_dims(ctx, 0, op.a(), 1, op.b()));
}

std::shared_ptr<const PackedMatrices> prepack(const MatMul& op, const ConstantOperands& constants) {
  const Tensor* b = constants.in(1);
  // With dim 0 among the last two, matrices of a stack are not one behind the other.
  if (op.trans_batch_b && b != nullptr && b->shape().rank() > 2) return nullptr;
  return PackedMatrices::make(b, op.trans_b, true);
}

void multiply_floats(const MatMul& op, const Operands& io, const MatMulProblem& p, float* y) {
  StackedProduct product{p.batch, p.a, p.b, p.y};
  product.a_data = widen<float>(io, io.in(0));
  std::optional<RightOperand> constant;
  if (const auto* packed = io.packed<PackedMatrices>(); packed != nullptr) {
    product.constant_b = &constant.emplace(*packed, io.in(1));
  } else {
    product.b_data = widen<float>(io, io.in(1));
  }
  product.c_data = y;
  product.epilogue.alpha = op.alpha;
  gemm(io, product);
}

void multiply_doubles(const MatMul& op, const Operands& io, const MatMulProblem& p, double* y) {
  multiply_stacks<double>(io, p.batch, p.a, io.in(0).data<double>(), p.b, io.in(1).data<double>(), p.y, y);
  for (int64_t i = 0; op.alpha != 1 && i < io.out(0).elements(); ++i) y[i] *= static_cast<double>(op.alpha);
}

void run_cpu(const MatMul& op, const Operands& io) {
  const MatMulProblem p = matmul_problem(io.in(0).shape(), op.a(), io.in(1).shape(), op.b(), io.out(0).shape());
  Tensor& y = io.out(0);
  const bool integers = visit_dtype<int32_t, uint32_t, int64_t, uint64_t>(y.dtype(), [&]<class T>() {
    multiply_stacks<T>(io, p.batch, p.a, io.in(0).data<T>(), p.b, io.in(1).data<T>(), p.y, y.mutable_data<T>());
  });
  if (integers) return;
  if (y.dtype() == DType::F64) return multiply_doubles(op, io, p, y.mutable_data<double>());
  const WideOutput<float> out(io, y);
  multiply_floats(op, io, p, out.data());
  out.store();
}

// With one matrix on the right, as Gemm without C.
Gemm as_gemm(const MatMul& op) {
  return {.alpha = op.alpha, .beta = 1, .trans_a = op.trans_a || op.trans_batch_a, .trans_b = op.trans_b};
}

template <std::string (*refuse)(const Gemm&, std::span<const ValueType>)>
std::string refuse_as_gemm(const MatMul& op, std::span<const ValueType> inputs) {
  return refuse(as_gemm(op), inputs);
}

std::shared_ptr<const Bf16Weights> prepack_bf16(const MatMul& op, const ConstantOperands& constants) {
  return Bf16Weights::make(constants.in(1), op.trans_b);
}

std::shared_ptr<const Int8Weights> prepack_int8(const MatMul& op, const ConstantOperands& constants) {
  return Int8Weights::make(constants.in(1), op.trans_b);
}

void run_in_bf16(const MatMul& op, const Operands& io) {
  const auto* weights = io.packed<Bf16Weights>();
  weights != nullptr ? run_bf16(as_gemm(op), {}, io, *weights) : run_cpu(op, io);
}

void run_in_int8(const MatMul& op, const Operands& io) {
  const auto* weights = io.packed<Int8Weights>();
  weights != nullptr ? run_int8_dynamic(as_gemm(op), {}, io, *weights) : run_cpu(op, io);
}

OpBuilder<MatMul> kernels(OpBuilder<MatMul> def) {
  return def.infer<infer>()
      .flops<product_flops_by<MatMul>>()
      .cpu<run_in_bf16>("bfloat16")
      .accepts<refuse_as_gemm<refuse_bfloat16_tensors>>()
      .prepack<prepack_bf16>()
      .cpu<run_cpu>("gemm")
      .prepack<prepack>()
      .cpu<run_in_bf16>("bf16")
      .accepts<refuse_as_gemm<refuse_bf16>>()
      .prepack<prepack_bf16>()
      .cpu<run_in_int8>("int8-dynamic")
      .accepts<refuse_as_gemm<refuse_int8_dynamic>>()
      .prepack<prepack_int8>();
}

constexpr DTypeSet kTypes = types::floats | DTypeSet{DType::I32, DType::U32, DType::I64, DType::U64};

}  // namespace

MICA_OP(MatMul, 1) {
  auto def = op<MatMul>();
  def.input("A", kTypes).input("B", kTypes).output("Y");
  return kernels(def);
}

MICA_OP(FusedMatMul, 1, com_microsoft) {
  auto def = op<MatMul>();
  def.input("A", types::floats)
      .input("B", types::floats)
      .output("Y")
      .attribute("alpha", &MatMul::alpha)
      .attribute("transA", &MatMul::trans_a)
      .attribute("transB", &MatMul::trans_b)
      .attribute("transBatchA", &MatMul::trans_batch_a)
      .attribute("transBatchB", &MatMul::trans_batch_b);
  return kernels(def);
}

}  // namespace mica
