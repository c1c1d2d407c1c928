// Gemm, ai.onnx 1: Y = alpha * A' x B' + beta * C, where A' is A or, with transA, its transpose; B' likewise. C
// broadcasts to Y (before version 7 only with the attribute `broadcast`), and may be left out from version 11 on.
#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/multiply.h"
#include "kernels/op.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

struct Gemm {
  float alpha = 1, beta = 1;
  bool trans_a = false, trans_b = false;
};

void infer(const Gemm& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  same_dtype(ctx, 0, 2);
  const Dims* a = ctx.dims(0);
  const Dims* b = ctx.dims(1);
  for (const Dims* operand : {a, b}) {
    if (operand != nullptr && operand->size() != 2) ctx.fail("an operand is not a matrix: " + str(*operand));
  }
  if (a != nullptr && b != nullptr) {
    const Dim& k = (*a)[op.trans_a ? 0 : 1];
    const Dim& other_k = (*b)[op.trans_b ? 1 : 0];
    if (k.is_constant() && other_k.is_constant() && k != other_k) {
      ctx.fail("inner sizes differ: A " + str(*a) + (op.trans_a ? " transposed" : "") + ", B " + str(*b) +
               (op.trans_b ? " transposed" : ""));
    }
  }
  Dims dims;
  dims.push_back(a != nullptr ? (*a)[op.trans_a ? 1 : 0] : ctx.unknown());
  dims.push_back(b != nullptr ? (*b)[op.trans_b ? 0 : 1] : ctx.unknown());
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

// C as a matrix that broadcasts to m x n: strides of 0 along the dims it lacks.
template <class T>
Matrix<const T> addend(const Shape& shape, const T* data, int64_t m, int64_t n) {
  const int64_t columns = shape.rank() > 0 ? shape.back() : 1;
  const int64_t rows = shape.rank() > 1 ? shape[shape.rank() - 2] : 1;
  const bool fits = (columns == n || columns == 1) && (rows == m || rows == 1) && shape.elements() == rows * columns;
  if (!fits) {
    bad_input("C " + shape.str() + " does not broadcast to [" + std::to_string(m) + "," + std::to_string(n) + "]");
  }
  return {data, rows == 1 ? 0 : columns, columns == 1 ? 0 : 1};
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

template <class T>
void gemm(const Gemm& op, const Operands& io, const T* a_data, const T* b_data, const T* c_data, T* y_data) {
  const Shape& sa = io.in(0).shape();
  const Shape& sb = io.in(1).shape();
  if (sa.rank() != 2 || sb.rank() != 2) bad_input("an operand is not a matrix: A " + sa.str() + ", B " + sb.str());
  Matrix<const T> a{a_data, sa[1], 1}, b{b_data, sb[1], 1};
  const int64_t m = sa[op.trans_a ? 1 : 0], k = sa[op.trans_a ? 0 : 1], n = sb[op.trans_b ? 0 : 1];
  if (sb[op.trans_b ? 1 : 0] != k) bad_input("inner sizes differ: A " + sa.str() + ", B " + sb.str());
  if (op.trans_a) a = a.transposed();
  if (op.trans_b) b = b.transposed();
  static constexpr T kNone = 0;
  const Matrix<const T> c = c_data != nullptr ? addend(io.in(2).shape(), c_data, m, n) : Matrix<const T>{&kNone, 0, 0};
  io.threads().parallel_for(m, 8, [&](int64_t begin, int64_t end) {
    const Matrix<T> y{y_data + begin * n, n, 1};
    multiply<T>(end - begin, n, k, a.from(begin, 0), b, y);
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < n; ++j) y_data[i * n + j] = combine(op, y_data[i * n + j], c.at(i, j));
    }
  });
}

void run_cpu(const Gemm& op, const Operands& io) {
  Tensor& y = io.out(0);
  const bool integers = visit_dtype<int32_t, uint32_t, int64_t, uint64_t>(y.dtype(), [&]<class T>() {
    gemm<T>(op, io, io.in(0).data<T>(), io.in(1).data<T>(), io.has(2) ? io.in(2).data<T>() : nullptr,
            y.mutable_data<T>());
  });
  if (integers) return;
  visit_wide(y.dtype(), [&]<class T>() {
    const WideOutput<T> out(io, y);
    gemm<T>(op, io, widen<T>(io, io.in(0)), widen<T>(io, io.in(1)), widen_optional<T>(io, 2), out.data());
    out.store();
  });
}

constexpr DTypeSet kTypes = types::floats | DTypeSet{DType::I32, DType::U32, DType::I64, DType::U64};

OpBuilder<Gemm> gemm_of(bool optional_c) {
  auto def = op<Gemm>();
  def.input("A", kTypes).input("B", kTypes);
  optional_c ? def.optional_input("C", kTypes) : def.input("C", kTypes);
  return def.output("Y")
      .attribute("alpha", &Gemm::alpha)
      .attribute("beta", &Gemm::beta)
      .attribute("transA", &Gemm::trans_a)
      .attribute("transB", &Gemm::trans_b)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

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

}  // namespace mica
