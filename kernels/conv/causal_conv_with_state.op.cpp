// CausalConvWithState, ai.onnx 27: a depthwise convolution along time that sees the last k - 1 steps before the input.
//   P = concat(past_state or zeros, input);  output[c, t] = f(bias[c] + sum over j of weight[c, 0, j] * P[c, t + j])
//   present_state = the last k - 1 steps of P;  f is the identity or x * sigmoid(x)
#include <cmath>

#include "kernels/op.h"
#include "kernels/wide.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct CausalConv {
  std::string activation = "none";
  bool silu = false;
};

void prepare(CausalConv& op, const NodeFacts&) {
  op.silu = op.activation == "silu" || op.activation == "swish";
  if (!op.silu && op.activation != "none") {
    throw_error(ErrorCode::InvalidModel, {"activation is \"", op.activation, "\", not silu, swish or none"});
  }
}

void infer(const CausalConv&, InferContext& ctx) {
  for (size_t i = 1; i < 4; ++i) same_dtype(ctx, 0, i);
  const DType dtype = ctx.dtype(0);
  ctx.set(0, ctx.type(0));
  ctx.set(1, dtype);
  const Dims* x = ctx.dims(0);
  const Dims* w = ctx.dims(1);
  if (x == nullptr || w == nullptr) return;
  if (x->size() != 3 || w->size() != 3)
    throw_error(ErrorCode::InvalidModel, {"input ", *x, " and weight ", *w, " must have rank 3"});
  ctx.merge((*w)[1], 1, "dim 1 of the weight and one");
  const Dim channels = ctx.merge((*x)[1], (*w)[0], "channels of the input and of the weight");
  if ((*w)[2].is_constant() && (*w)[2].value() < 1)
    throw_error(ErrorCode::InvalidModel, {"the weight ", *w, " has no taps"});
  Dims state{(*x)[0], channels, (*w)[2] - 1};
  if (const Dims* past = ctx.dims(3)) {
    if (past->size() != 3) throw_error(ErrorCode::InvalidModel, {"past_state ", *past, " must have rank 3"});
    for (size_t i = 0; i < 3; ++i) state[i] = ctx.merge(state[i], (*past)[i], "dims of past_state");
  }
  ctx.set(1, dtype, std::move(state));
}

template <class T>
void run(const CausalConv& op, const Operands& io, int64_t channels, int64_t length, int64_t taps) {
  using Acc = Wide<T>;
  const int64_t rows = io.in(0).shape()[0] * channels;
  T* y = io.wants(0) ? io.out(0).mutable_data<T>() : nullptr;
  T* state = io.wants(1) ? io.out(1).mutable_data<T>() : nullptr;
  for (int64_t row = 0; row < rows; ++row) {
    const T* x = io.in(0).data<T>() + row * length;
    const T* past = io.has(3) ? io.in(3).data<T>() + row * (taps - 1) : nullptr;
    const T* w = io.in(1).data<T>() + row % channels * taps;
    const auto step = [&](int64_t t) {  // of P
      if (t >= taps - 1) return x[t - (taps - 1)];
      return past != nullptr ? past[t] : T(0.0f);
    };
    for (int64_t t = 0; y != nullptr && t < length; ++t) {
      Acc sum = io.has(2) ? static_cast<Acc>(io.in(2).data<T>()[row % channels]) : Acc{};
      for (int64_t j = 0; j < taps; ++j) sum += static_cast<Acc>(w[j]) * static_cast<Acc>(step(t + j));
      if (op.silu) sum = sum / (1 + std::exp(-sum));
      y[row * length + t] = static_cast<T>(sum);
    }
    for (int64_t j = 0; state != nullptr && j < taps - 1; ++j) state[row * (taps - 1) + j] = step(length + j);
  }
}

void run_cpu(const CausalConv& op, const Operands& io) {
  const Shape& x = io.in(0).shape();
  const Shape& w = io.in(1).shape();
  const bool fits = x.rank() == 3 && w.rank() == 3 && w[0] == x[1] && w[1] == 1 && w[2] > 0;
  if (!fits || (io.has(2) && io.in(2).elements() != x[1]) ||
      (io.has(3) && io.in(3).shape() != Shape{x[0], x[1], w[2] - 1})) {
    throw_error(ErrorCode::InvalidArgument, {"input ", x, ", weight ", w, ", bias and past_state do not fit"});
  }
  visit_dtype<float, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() { run<T>(op, io, x[1], x[2], w[2]); });
}

constexpr DTypeSet kTypes{DType::F32, DType::F16, DType::BF16};

}  // namespace

MICA_OP(CausalConvWithState, 27) {
  return op<CausalConv>()
      .attribute("activation", &CausalConv::activation)
      .input("input", kTypes)
      .input("weight", kTypes)
      .optional_input("bias", kTypes)
      .optional_input("past_state", kTypes)
      .output("output")
      .output("present_state")
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
