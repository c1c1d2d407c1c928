// Gated, mica 1: Y = f(a) * b, where each row of X is a row of a beside one of b. f is `activation`: silu, gelu or
// gelu_tanh.
#include "kernels/activation/gated.h"

#include <algorithm>
#include <string>

#include "backends/cpu/thread_pool.h"
#include "kernels/activation/functions.h"
#include "kernels/op.h"
#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

constexpr GatedFunction kActivations[] = {
    {"silu", &UnaryKernels::silu, [](double x) { return x * activation::sigmoid(x); }},
    {"gelu", &UnaryKernels::gelu, activation::gelu},
    {"gelu_tanh", &UnaryKernels::gelu_tanh, activation::gelu_tanh},
};

void prepare(Gated& op, const NodeFacts&) {
  op.f = std::ranges::find(kActivations, op.activation, &GatedFunction::name);
  if (op.f == std::end(kActivations)) {
    throw_error(ErrorCode::InvalidModel, {"activation \"", op.activation, "\" is unknown"});
  }
}

void infer(const Gated&, InferContext& ctx) {
  ctx.set(0, ctx.dtype(0));
  const Dims* x = ctx.dims(0);
  if (x == nullptr) return;
  if (x->empty()) ctx.fail("X is a scalar");
  Dims y = *x;
  y.back() = floor_div(y.back(), 2);
  ctx.set(0, ctx.dtype(0), std::move(y));
}

void apply(const Gated& op, const float* a, const float* b, int64_t width, float* y) {
  (unary_kernels().*op.f->loop)(a, y, width);
  for (int64_t i = 0; i < width; ++i) y[i] *= b[i];
}

void apply(const Gated& op, const double* a, const double* b, int64_t width, double* y) {
  for (int64_t i = 0; i < width; ++i) y[i] = op.f->wide(a[i]) * b[i];
}

void run_cpu(const Gated& op, const Operands& io) {
  const Shape& x = io.in(0).shape();
  if (x.rank() == 0 || x.back() % 2 != 0)
    throw_error(ErrorCode::InvalidArgument, {io.in(0), " does not divide into halves"});
  const auto [rows, both] = x.split_at(-1);
  const int64_t width = both / 2;
  visit_wide(io.in(0).dtype(), [&, rows = rows]<class T>() {
    const T* from = widen<T>(io, io.in(0));
    const WideOutput<T> out(io, io.out(0));
    const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(1, width));
    io.threads().parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const T* a = from + row * 2 * width;
        apply(op, a, a + width, width, out.data() + row * width);
      }
    });
    out.store();
  });
}

}  // namespace

MICA_OP(Gated, 1, mica) {
  return op<Gated>()
      .input("X", types::floats)
      .output("Y")
      .attribute("activation", &Gated::activation)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
