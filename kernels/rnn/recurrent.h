// What LSTM, GRU and RNN share: attributes, inference, and the walk over directions, sequences and time steps.
#pragma once

#include <cmath>

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

  /// Activation `i` of a direction on the clipped x.
  template <class A>
  A activate(int64_t direction_index, size_t i, A x) const {
    const size_t count = activations.size() / static_cast<size_t>(directions);
    if (clip) x = std::min<A>(std::max<A>(x, -static_cast<A>(*clip)), static_cast<A>(*clip));
    return activations[static_cast<size_t>(direction_index) * count + i](x);
  }
};

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
      .optional_output("Y_h");
}

/// Sizes of a recurrent operator and where its elements are.
struct RecurrentDims {
  int64_t steps, batch, inputs, hidden, directions, gates;
  bool batch_first;

  int64_t x(int64_t t, int64_t b) const { return (batch_first ? b * steps + t : t * batch + b) * inputs; }
  int64_t y(int64_t t, int64_t d, int64_t b) const {
    return (batch_first ? (b * steps + t) * directions + d : (t * directions + d) * batch + b) * hidden;
  }
  int64_t state(int64_t d, int64_t b) const { return (batch_first ? b * directions + d : d * batch + b) * hidden; }
};

/// Throws when the operands do not fit each other.
RecurrentDims recurrent_dims(const Recurrent& op, const Operands& io, int64_t gates);

/// sum of a[i] * b[i]
template <class T, class A>
A dot(const T* a, const A* b, int64_t count) {
  constexpr int64_t kLanes = 8;
  A lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += static_cast<A>(a[i + lane]) * b[i + lane];
  }
  A sum = 0;
  for (; i < count; ++i) sum += static_cast<A>(a[i]) * b[i];
  for (const A lane : lanes) sum += lane;
  return sum;
}

/// What a cell works with in one direction.
template <class T>
struct CellWeights {
  const T* r;          ///< [gates * hidden, hidden]
  const T* r_bias;     ///< [gates * hidden] or null
  const T* peepholes;  ///< [3 * hidden] or null
  int64_t hidden;
  int64_t direction;

  /// Row j of R times h, and its bias.
  Wide<T> recur(int64_t j, const Wide<T>* h) const {
    return dot(r + j * hidden, h, hidden) + (r_bias != nullptr ? static_cast<Wide<T>>(r_bias[j]) : 0);
  }
  Wide<T> peephole(int64_t j) const { return peepholes != nullptr ? static_cast<Wide<T>>(peepholes[j]) : 0; }
};

/// Walks the sequences. `cell(weights, gates, h, c)` advances the states h and c of `hidden` elements by one step,
/// where gates = W x + Wb of `gates * hidden` elements, which it may overwrite. Inputs 6 and 7 are initial_c and P,
/// output 2 is Y_c, where the operator has them.
template <class T, class Cell>
void walk(const Recurrent& op, const Operands& io, int64_t gate_count, Cell&& cell) {
  using A = Wide<T>;
  const RecurrentDims dims = recurrent_dims(op, io, gate_count);
  const int64_t hidden = dims.hidden;
  const int64_t width = gate_count * hidden;
  A* gates = io.scratch<A>(width);
  A* h = io.scratch<A>(hidden);
  A* c = io.scratch<A>(hidden);
  A* x = io.scratch<A>(dims.inputs);
  const auto load = [&](size_t input, int64_t offset, A* to) {
    for (int64_t i = 0; i < hidden; ++i) to[i] = io.has(input) ? static_cast<A>(io.in(input).data<T>()[offset + i]) : 0;
  };
  const auto store = [&](size_t output, int64_t offset, const A* from) {
    if (!io.wants(output)) return;
    T* to = io.out(output).mutable_data<T>() + offset;
    for (int64_t i = 0; i < hidden; ++i) to[i] = from != nullptr ? static_cast<T>(from[i]) : T(0.0f);
  };
  for (int64_t d = 0; d < dims.directions; ++d) {
    const T* w = io.in(1).data<T>() + d * width * dims.inputs;
    const T* bias = io.has(3) ? io.in(3).data<T>() + d * 2 * width : nullptr;
    const CellWeights<T> weights{io.in(2).data<T>() + d * width * hidden, bias ? bias + width : nullptr,
                                 io.has(7) ? io.in(7).data<T>() + d * 3 * hidden : nullptr, hidden, d};
    for (int64_t b = 0; b < dims.batch; ++b) {
      const int64_t length = io.has(4) ? io.in(4).data<int32_t>()[b] : dims.steps;
      load(5, dims.state(d, b), h);
      load(6, dims.state(d, b), c);
      for (int64_t step = 0; step < length; ++step) {
        const int64_t t = op.reversed(d) ? length - 1 - step : step;
        const T* from = io.in(0).data<T>() + dims.x(t, b);
        for (int64_t i = 0; i < dims.inputs; ++i) x[i] = static_cast<A>(from[i]);
        for (int64_t j = 0; j < width; ++j) {
          gates[j] = dot(w + j * dims.inputs, x, dims.inputs) + (bias ? static_cast<A>(bias[j]) : 0);
        }
        cell(weights, gates, h, c);
        store(0, dims.y(t, d, b), h);
      }
      for (int64_t t = length; t < dims.steps; ++t) store(0, dims.y(t, d, b), nullptr);
      store(1, dims.state(d, b), h);
      store(2, dims.state(d, b), c);
    }
  }
}

}  // namespace mica
