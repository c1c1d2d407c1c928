// Gemm, ai.onnx 1: Y = alpha * A' x B' + beta * C, where A' is A or, with transA, its transpose; B' likewise. C
// broadcasts to Y (before version 7 only with the attribute `broadcast`), and may be left out from version 11 on. As
// found in the wild, A may be a stack of matrices, whose rows are multiplied as those of one, and B a stack of one.
//
// Linear, mica 1: Y = f(alpha * X x W' + beta * bias + residual), the layer of a network that the optimiser makes of
// products and what is done to them. `transB` transposes W. The bias broadcasts as C does, the residual has the dims of
// Y. f is an activation of kernels/matmul/layer_activation.h.
#include <optional>

#include "backends/cpu/thread_pool.h"
#include "kernels/flop_rules.h"
#include "kernels/matmul/gemm_op.h"
#include "kernels/matmul/low_precision.h"
#include "kernels/matmul/packed.h"
#include "kernels/op.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

Epilogue epilogue_of(const Gemm&) {
  return {};
}
Epilogue epilogue_of(const Linear& op) {
  return op.epilogue();
}

void infer(const Gemm& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  same_dtype(ctx, 0, 2);
  const Dims* a = ctx.dims(0);
  const Dims* b = ctx.dims(1);
  if (a != nullptr && (a->size() < 2 || (op.trans_a && a->size() > 2))) ctx.fail("A is not a matrix: " + str(*a));
  if (b != nullptr && (b->size() < 2 || !product(Dims(b->begin(), b->end() - 2)).is(1))) {
    ctx.fail("B is not a matrix: " + str(*b));
  }
  if (a != nullptr && b != nullptr) {
    const Dim& k = op.trans_a ? a->front() : a->back();
    const Dim& other_k = (*b)[b->size() - (op.trans_b ? 1 : 2)];
    if (k.is_constant() && other_k.is_constant() && k != other_k) {
      ctx.fail("inner sizes differ: A " + str(*a) + (op.trans_a ? " transposed" : "") + ", B " + str(*b) +
               (op.trans_b ? " transposed" : ""));
    }
  }
  Dims dims = a == nullptr ? Dims{ctx.unknown()} : op.trans_a ? Dims{a->back()} : Dims(a->begin(), a->end() - 1);
  dims.push_back(b != nullptr ? (*b)[b->size() - (op.trans_b ? 2 : 1)] : ctx.unknown());
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

void infer_linear(const Linear& op, InferContext& ctx) {
  infer(op, ctx);
  same_dtype(ctx, 0, kResidual);
}

template <class T>
T combine(const Gemm& op, T product, T addend) {
  if constexpr (std::is_integral_v<T>) {
    if (op.alpha == 1 && op.beta == 1)
      return static_cast<T>(static_cast<Sum<T>>(product) + static_cast<Sum<T>>(addend));
    const double value = static_cast<double>(op.alpha) * static_cast<double>(product) +
                         static_cast<double>(op.beta) * static_cast<double>(addend);
    const auto lowest = static_cast<double>(std::numeric_limits<T>::lowest());
    const auto highest = static_cast<double>(std::numeric_limits<T>::max());
    if (value <= lowest) return std::numeric_limits<T>::lowest();
    return value >= highest ? std::numeric_limits<T>::max() : static_cast<T>(value);
  } else {
    return static_cast<T>(op.alpha) * product + static_cast<T>(op.beta) * addend;
  }
}

// The plain loops, for types other than float.
template <class T>
void multiply_plainly(const Gemm& op, const Operands& io, const GemmSides& s) {
  const Matrix<const T> a{io.in(0).data<T>(), s.a_row, s.a_column}, b{io.in(1).data<T>(), s.b_row, s.b_column};
  static constexpr T kNone = 0;
  const Matrix<const T> c =
      io.has(2) ? gemm_addend(io.in(2).shape(), io.in(2).data<T>(), s.m, s.n) : Matrix<const T>{&kNone, 0, 0};
  const Matrix<T> y{io.out(0).mutable_data<T>(), s.n, 1};
  io.threads().parallel_for(s.m, 8, [&](int64_t begin, int64_t end) {
    multiply<T>(end - begin, s.n, s.k, a.from(begin, 0), b, y.from(begin, 0));
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < s.n; ++j) y.at(i, j) = combine(op, y.at(i, j), c.at(i, j));
    }
  });
}

void linear_doubles(const Linear& op, const Operands& io, const GemmSides& s) {
  double* y = io.out(0).mutable_data<double>();
  const int64_t count = io.out(0).elements();
  double* residual = io.has(kResidual) ? io.scratch<double>(count) : nullptr;
  if (residual != nullptr) std::copy_n(io.in(kResidual).data<double>(), count, residual);  // it may lie where y does
  multiply_plainly<double>(op, io, s);
  for (int64_t i = 0; i < count; ++i) y[i] = op.wide(y[i] + (residual != nullptr ? residual[i] : 0));
}

void multiply_floats(const Gemm& op, const Epilogue& epilogue, const Operands& io, const GemmSides& s, float* y) {
  Product product = gemm_product(op, epilogue, io, s, y);
  product.a = {widen<float>(io, io.in(0)), s.a_row, s.a_column};
  std::optional<RightOperand> constant;
  if (const auto* packed = io.packed<PackedMatrices>(); packed != nullptr) {
    constant.emplace(*packed, io.in(1)).set(product, 0);
  } else {
    product.b = {widen<float>(io, io.in(1)), s.b_row, s.b_column};
  }
  gemm(io, product);
}

std::shared_ptr<const PackedMatrices> prepack(const Gemm& op, const ConstantOperands& constants) {
  const Tensor* b = constants.in(1);
  const bool one = b != nullptr && b->shape().rank() >= 2 && b->shape().elements(0, b->shape().rank() - 2) == 1;
  return one ? PackedMatrices::make(b, op.trans_b, true) : nullptr;
}

void run_gemm(const Gemm& op, const Operands& io) {
  const GemmSides s = gemm_sides(op, io.in(0).shape(), io.in(1).shape());
  Tensor& y = io.out(0);
  const bool plain = visit_dtype<int32_t, uint32_t, int64_t, uint64_t, double>(
      y.dtype(), [&]<class T>() { multiply_plainly<T>(op, io, s); });
  if (plain) return;
  const WideOutput<float> out(io, y);
  multiply_floats(op, {}, io, s, out.data());
  out.store();
}

void run_linear(const Linear& op, const Operands& io) {
  const GemmSides s = gemm_sides(op, io.in(0).shape(), io.in(1).shape());
  Tensor& y = io.out(0);
  check_residual(io);
  if (y.dtype() == DType::F64) return linear_doubles(op, io, s);
  const WideOutput<float> out(io, y);
  multiply_floats(op, op.epilogue(), io, s, out.data());
  out.store();
}

std::shared_ptr<const Bf16Weights> prepack_bf16(const Gemm& op, const ConstantOperands& constants) {
  return Bf16Weights::make(constants.in(1), op.trans_b);
}

std::shared_ptr<const Int8Weights> prepack_int8(const Gemm& op, const ConstantOperands& constants) {
  return Int8Weights::make(constants.in(1), op.trans_b);
}

template <class Op, void (*run)(const Op&, const Operands&)>
void run_in_bf16(const Op& op, const Operands& io) {
  const auto* weights = io.packed<Bf16Weights>();
  weights != nullptr ? run_bf16(op, epilogue_of(op), io, *weights) : run(op, io);
}

template <class Op, void (*run)(const Op&, const Operands&)>
void run_in_int8(const Op& op, const Operands& io) {
  const auto* weights = io.packed<Int8Weights>();
  weights != nullptr ? run_int8_dynamic(op, epilogue_of(op), io, *weights) : run(op, io);
}

template <class Op, void (*run)(const Op&, const Operands&)>
OpBuilder<Op> kernels(OpBuilder<Op> def) {
  return def.template cpu<run_in_bf16<Op, run>>("bfloat16")
      .template accepts<refuse_bfloat16_tensors>()
      .template prepack<prepack_bf16>()
      .template cpu<run>("gemm")
      .template prepack<prepack>()
      .template cpu<run_in_bf16<Op, run>>("bf16")
      .template accepts<refuse_bf16>()
      .template prepack<prepack_bf16>()
      .template cpu<run_in_int8<Op, run>>("int8-dynamic")
      .template accepts<refuse_int8_dynamic>()
      .template prepack<prepack_int8>();
}

constexpr DTypeSet kTypes = types::floats | DTypeSet{DType::I32, DType::U32, DType::I64, DType::U64};

OpBuilder<Gemm> gemm_of(bool optional_c) {
  auto def = op<Gemm>();
  def.input("A", kTypes).input("B", kTypes);
  optional_c ? def.optional_input("C", kTypes) : def.input("C", kTypes);
  def.output("Y")
      .attribute("alpha", &Gemm::alpha)
      .attribute("beta", &Gemm::beta)
      .attribute("transA", &Gemm::trans_a)
      .attribute("transB", &Gemm::trans_b)
      .infer<infer>()
      .flops<product_flops_by<Gemm>>();
  return kernels<Gemm, run_gemm>(def);
}

}  // namespace

GemmSides gemm_sides(const Gemm& op, const Shape& a, const Shape& b) {
  const bool matrices = a.rank() >= 2 && (a.rank() == 2 || !op.trans_a) && b.rank() >= 2;
  if (!matrices || b.elements(0, b.rank() - 2) != 1) {
    bad_input("an operand is not a matrix: A " + a.str() + ", B " + b.str());
  }
  const int64_t b_rows = b[b.rank() - 2];
  GemmSides s{a.elements(0, a.rank() - 1), b.back(), a.back(), a.back(), 1, b.back(), 1};
  if (op.trans_a) std::swap(s.m, s.k), std::swap(s.a_row, s.a_column);
  if (op.trans_b) s.n = b_rows, std::swap(s.b_row, s.b_column);
  if ((op.trans_b ? b.back() : b_rows) != s.k) bad_input("inner sizes differ: A " + a.str() + ", B " + b.str());
  return s;
}

MICA_OP(Gemm, 11) {
  return gemm_of(true);
}

MICA_OP(Gemm, 7) {
  return gemm_of(false);
}

// C broadcasts whether or not the attribute says so.
MICA_OP(Gemm, 1) {
  return gemm_of(false).ignored_attribute("broadcast");
}

MICA_OP(Linear, 1, mica) {
  OpBuilder<Linear> builder = op<Linear>();
  layer_activation_attributes(builder);
  builder.input("X", types::floats)
      .input("W", types::floats)
      .optional_input("bias", types::floats)
      .optional_input("residual", types::floats)
      .output("Y")
      .attribute("alpha", &Gemm::alpha)
      .attribute("beta", &Gemm::beta)
      .attribute("transB", &Gemm::trans_b)
      .may_overwrite(0, kResidual)
      .prepare<prepare_layer_activation>()
      .infer<infer_linear>()
      .flops<product_flops>();
  return kernels<Linear, run_linear>(builder);
}

}  // namespace mica
