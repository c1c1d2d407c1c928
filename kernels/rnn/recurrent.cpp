#include "kernels/rnn/recurrent.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "runtime/base/concat.h"

namespace mica {
namespace {

struct KnownActivation {
  std::string_view name;
  Activation::Kind kind;
  std::optional<float> alpha, beta;  ///< defaults; absent when the function has none
};

using Kind = Activation::Kind;
constexpr std::array kActivations{
    KnownActivation{"relu", Kind::Relu, {}, {}},
    KnownActivation{"tanh", Kind::Tanh, {}, {}},
    KnownActivation{"sigmoid", Kind::Sigmoid, {}, {}},
    KnownActivation{"affine", Kind::Affine, 1.0f, 0.0f},
    KnownActivation{"leakyrelu", Kind::LeakyRelu, 0.01f, {}},
    KnownActivation{"thresholdedrelu", Kind::ThresholdedRelu, 1.0f, {}},
    KnownActivation{"scaledtanh", Kind::ScaledTanh, 1.0f, 1.0f},
    KnownActivation{"hardsigmoid", Kind::HardSigmoid, 0.2f, 0.5f},
    KnownActivation{"elu", Kind::Elu, 1.0f, {}},
    KnownActivation{"softsign", Kind::Softsign, {}, {}},
    KnownActivation{"softplus", Kind::Softplus, {}, {}},
};

/// The next value of a list that is consumed in the order of the functions which take one; its default at the end.
float next_value(const std::vector<float>& list, size_t& used, std::optional<float> fallback) {
  if (!fallback) return 0;
  return used < list.size() ? list[used++] : *fallback;
}

const KnownActivation& find_activation(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto* found = std::ranges::find(kActivations, name, &KnownActivation::name);
  if (found != kActivations.end()) return *found;
  throw_error(ErrorCode::InvalidModel, {"activation \"", name, "\" is unknown"});
}

void check_shape(const Operands& io, size_t input, const Shape& wanted, std::string_view name) {
  if (!io.has(input) || io.in(input).shape() == wanted) return;
  throw_error(ErrorCode::InvalidArgument, {name, " has dims ", io.in(input).shape(), ", not ", wanted});
}

void check_output(const Operands& io, size_t output, const Shape& wanted) {
  if (!io.wants(output) || io.out(output).shape() == wanted) return;
  throw_error(ErrorCode::InvalidArgument, {"output ", output, " has dims ", io.out(output).shape(), ", not ", wanted});
}

}  // namespace

void prepare_recurrent(Recurrent& op, std::initializer_list<std::string_view> defaults) {
  if (op.direction != "forward" && op.direction != "reverse" && op.direction != "bidirectional") {
    throw_error(ErrorCode::InvalidModel,
                {"direction is \"", op.direction, "\", not forward, reverse or bidirectional"});
  }
  if (op.layout != 0 && op.layout != 1) {
    throw_error(ErrorCode::InvalidModel, {"layout is ", op.layout, ", not 0 or 1"});
  }
  op.directions = op.direction == "bidirectional" ? 2 : 1;
  const size_t wanted = static_cast<size_t>(op.directions) * defaults.size();
  if (op.activation_names.empty()) {
    for (int64_t d = 0; d < op.directions; ++d) {
      op.activation_names.insert(op.activation_names.end(), defaults.begin(), defaults.end());
    }
  }
  if (op.activation_names.size() < wanted) {
    throw_error(ErrorCode::InvalidModel,
                {"activations has ", op.activation_names.size(), " names, the operator needs ", wanted});
  }
  size_t alphas = 0, betas = 0;
  for (size_t i = 0; i < wanted; ++i) {
    const KnownActivation& known = find_activation(op.activation_names[i]);
    const float alpha = next_value(op.activation_alpha, alphas, known.alpha);
    const float beta = next_value(op.activation_beta, betas, known.beta);
    op.activations.push_back({known.kind, alpha, beta});
  }
}

void infer_recurrent(const Recurrent& op, InferContext& ctx, int64_t gates) {
  for (const size_t i : {1u, 2u, 3u, 5u, 6u, 7u}) same_dtype(ctx, 0, i);
  const DType dtype = ctx.dtype(0);
  for (size_t i = 0; i < 3; ++i) ctx.set(i, dtype);
  const Dims* x = ctx.dims(0);
  const Dims* w = ctx.dims(1);
  const Dims* r = ctx.dims(2);
  for (const Dims* dims : {x, w, r}) {
    if (dims != nullptr && dims->size() != 3)
      throw_error(ErrorCode::InvalidModel, {"X, W and R need rank 3, not ", *dims});
  }
  std::optional<Dim> hidden;
  if (op.hidden_size > 0) hidden = op.hidden_size;
  if (r != nullptr) {
    hidden = hidden ? ctx.merge(*hidden, (*r)[2], "hidden_size and the last dim of R") : (*r)[2];
    ctx.merge((*r)[1], *hidden * gates, "dim 1 of R and gates times hidden size");
    ctx.merge((*r)[0], op.directions, "dim 0 of R and the number of directions");
  }
  if (w != nullptr) {
    ctx.merge((*w)[0], op.directions, "dim 0 of W and the number of directions");
    if (hidden) ctx.merge((*w)[1], *hidden * gates, "dim 1 of W and gates times hidden size");
    if (x != nullptr) ctx.merge((*x)[2], (*w)[2], "input sizes of X and of W");
  }
  if (!hidden) return;
  const bool batch_first = op.layout == 1;
  const Dim batch = x == nullptr ? ctx.unknown() : (*x)[batch_first ? 0 : 1];
  const Dim steps = x == nullptr ? ctx.unknown() : (*x)[batch_first ? 1 : 0];
  const Dims state = batch_first ? Dims{batch, op.directions, *hidden} : Dims{op.directions, batch, *hidden};
  ctx.set(0, dtype,
          batch_first ? Dims{batch, steps, op.directions, *hidden} : Dims{steps, op.directions, batch, *hidden});
  ctx.set(1, dtype, state);
  ctx.set(2, dtype, state);
}

RecurrentDims recurrent_dims(const Recurrent& op, const Operands& io, int64_t gates) {
  const Shape& x = io.in(0).shape();
  const Shape& r = io.in(2).shape();
  if (x.rank() != 3 || r.rank() != 3) throw_error(ErrorCode::InvalidArgument, {"X ", x, " and R ", r, " need rank 3"});
  const bool batch_first = op.layout == 1;
  const RecurrentDims dims{
      x[batch_first ? 1 : 0], x[batch_first ? 0 : 1], x[2], r[2], op.directions, gates, batch_first};
  const int64_t width = gates * dims.hidden;
  const Shape state =
      batch_first ? Shape{dims.batch, dims.directions, dims.hidden} : Shape{dims.directions, dims.batch, dims.hidden};
  check_shape(io, 1, {dims.directions, width, dims.inputs}, "W");
  check_shape(io, 2, {dims.directions, width, dims.hidden}, "R");
  check_shape(io, 3, {dims.directions, 2 * width}, "B");
  check_shape(io, 4, {dims.batch}, "sequence_lens");
  check_shape(io, 5, state, "initial_h");
  check_shape(io, 6, state, "initial_c");
  check_shape(io, 7, {dims.directions, 3 * dims.hidden}, "P");
  check_output(io, 0,
               batch_first ? Shape{dims.batch, dims.steps, dims.directions, dims.hidden}
                           : Shape{dims.steps, dims.directions, dims.batch, dims.hidden});
  check_output(io, 1, state);
  check_output(io, 2, state);
  return dims;
}

void check_sequence_lengths(const Operands& io, int64_t steps) {
  for (int64_t b = 0; io.has(4) && b < io.in(4).elements(); ++b) {
    const int32_t length = io.in(4).data<int32_t>()[b];
    if (length < 0 || length > steps) {
      throw_error(ErrorCode::InvalidArgument, {"sequence length ", length, " is outside [0, ", steps, "]"});
    }
  }
}

}  // namespace mica
