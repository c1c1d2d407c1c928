// What LSTM, GRU and RNN share: attributes, activations, inference and dims.
#pragma once

#include <cmath>

#include "kernels/flop_rules.h"
#include "kernels/op.h"
#include "kernels/wide.h"

namespace mica {

/// An activation function of the recurrent operators.
struct Activation {
  enum class Kind : uint8_t {
    Relu,
    Tanh,
    Sigmoid,
    Affine,
    LeakyRelu,
    ThresholdedRelu,
    ScaledTanh,
    HardSigmoid,
    Elu,
    Softsign,
    Softplus,
  };
  Kind kind = Kind::Tanh;
  float alpha = 0, beta = 0;

  template <class A>
  A operator()(A x) const {
    const A a = static_cast<A>(alpha);
    const A b = static_cast<A>(beta);
    switch (kind) {
      case Kind::Relu:
        return x > 0 ? x : 0;
      case Kind::Tanh:
        return std::tanh(x);
      case Kind::Sigmoid:
        return 1 / (1 + std::exp(-x));
      case Kind::Affine:
        return a * x + b;
      case Kind::LeakyRelu:
        return x >= 0 ? x : a * x;
      case Kind::ThresholdedRelu:
        return x >= a ? x : 0;
      case Kind::ScaledTanh:
        return a * std::tanh(b * x);
      case Kind::HardSigmoid:
        return std::min<A>(std::max<A>(a * x + b, 0), 1);
      case Kind::Elu:
        return x >= 0 ? x : a * std::expm1(x);
      case Kind::Softsign:
        return x / (1 + std::abs(x));
      case Kind::Softplus:
        return std::max<A>(x, 0) + std::log1p(std::exp(-std::abs(x)));
    }
    return x;
  }
};

struct Recurrent {
  std::string direction = "forward";
  std::vector<std::string> activation_names;
  std::vector<float> activation_alpha, activation_beta;
  std::optional<float> clip;
  int64_t hidden_size = 0, layout = 0;

  std::vector<Activation> activations;  ///< for each direction in turn
  int64_t directions = 1;
  bool reversed(int64_t direction_index) const { return direction == "reverse" || direction_index == 1; }

  const Activation& activation(int64_t direction_index, size_t i) const {
    const size_t count = activations.size() / static_cast<size_t>(directions);
    return activations[static_cast<size_t>(direction_index) * count + i];
  }
};

/// Activation `i` of a direction on the clipped x, in place; floats take vector loops where there is one.
void activate_all(const Recurrent& op, int64_t direction_index, size_t i, float* x, int64_t count);
void activate_all(const Recurrent& op, int64_t direction_index, size_t i, double* x, int64_t count);

/// Resolves direction and activations; `defaults` are those of one direction.
void prepare_recurrent(Recurrent& op, std::initializer_list<std::string_view> defaults);

/// Outputs Y, Y_h and, where the operator has one, Y_c.
void infer_recurrent(const Recurrent& op, InferContext& ctx, int64_t gates);

template <class T>
OpBuilder<T> recurrent_attributes() {
  return op<T>()
      .attribute("direction", &Recurrent::direction)
      .attribute("activations", &Recurrent::activation_names)
      .attribute("activation_alpha", &Recurrent::activation_alpha)
      .attribute("activation_beta", &Recurrent::activation_beta)
      .attribute("clip", &Recurrent::clip)
      .attribute("hidden_size", &Recurrent::hidden_size);
}

template <class T>
OpBuilder<T> recurrent(DTypeSet types) {
  return recurrent_attributes<T>()
      .input("X", types)
      .input("W", types)
      .input("R", types)
      .optional_input("B", types)
      .optional_input("sequence_lens", DTypeSet{DType::I32})
      .optional_input("initial_h", types)
      .optional_output("Y")
      .optional_output("Y_h")
      .template flops<recurrent_flops>();
}

/// Sizes of a recurrent operator and where its elements are.
struct RecurrentDims {
  int64_t steps, batch, inputs, hidden, directions, gates;
  bool batch_first;

  int64_t row(int64_t t, int64_t b) const { return batch_first ? b * steps + t : t * batch + b; }  ///< of X
  int64_t y(int64_t t, int64_t d, int64_t b) const {
    return (batch_first ? (b * steps + t) * directions + d : (t * directions + d) * batch + b) * hidden;
  }
  int64_t state(int64_t d, int64_t b) const { return (batch_first ? b * directions + d : d * batch + b) * hidden; }
};

/// Throws when the operands do not fit each other.
RecurrentDims recurrent_dims(const Recurrent& op, const Operands& io, int64_t gates);
/// Throws when a length of input 4, sequence_lens, is none.
void check_sequence_lengths(const Operands& io, int64_t steps);

}  // namespace mica
