// LSTM, GRU and RNN against their formulas, one sequence at a time in double.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/unit/run_op.h"

namespace mica {
namespace {

struct Case {
  const char* op;
  int64_t gates;
  const char* direction = "forward";
  int64_t steps = 5, batch = 3, inputs = 7, hidden = 6;
  bool lengths = false, bias = false, initial = false, peepholes = false;
  int64_t layout = 0;
  bool linear_before_reset = false, input_forget = false;
  float clip = 0;

  int64_t directions() const { return std::string(direction) == "bidirectional" ? 2 : 1; }
  bool reversed(int64_t d) const { return std::string(direction) == "reverse" || d == 1; }
};

Tensor uniform(const Shape& shape, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(-0.7f, 0.7f);
  Tensor tensor(DType::F32, shape);
  for (int64_t i = 0; i < tensor.elements(); ++i) tensor.mutable_data<float>()[i] = value(random);
  return tensor;
}

Tensor as_double(const Tensor& tensor) {
  if (tensor.dtype() != DType::F32) return tensor;
  Tensor wide(DType::F64, tensor.shape());
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    wide.mutable_data<double>()[i] = static_cast<double>(tensor.data<float>()[i]);
  }
  return wide;
}

std::vector<Tensor> inputs_of(const Case& x) {
  const int64_t d = x.directions(), width = x.gates * x.hidden;
  const Shape state = x.layout == 1 ? Shape{x.batch, d, x.hidden} : Shape{d, x.batch, x.hidden};
  std::vector<Tensor> in(8);
  in[0] = uniform(x.layout == 1 ? Shape{x.batch, x.steps, x.inputs} : Shape{x.steps, x.batch, x.inputs}, 1);
  in[1] = uniform({d, width, x.inputs}, 2);
  in[2] = uniform({d, width, x.hidden}, 3);
  if (x.bias) in[3] = uniform({d, 2 * width}, 4);
  if (x.lengths) {
    in[4] = Tensor(DType::I32, {x.batch});
    for (int64_t b = 0; b < x.batch; ++b) in[4].mutable_data<int32_t>()[b] = static_cast<int32_t>(b * x.steps / 2) % 6;
  }
  if (x.initial) in[5] = uniform(state, 5);
  if (x.gates != 4) {
    in.resize(6);
  } else {
    if (x.initial) in[6] = uniform(state, 6);
    if (x.peepholes) in[7] = uniform({d, 3 * x.hidden}, 7);
  }
  return in;
}

enum class Way { Float, Packed, Double };

std::vector<Datum> run(const Case& x, std::vector<Tensor> in, Way way) {
  OpCall call{x.op, 22};
  call.outputs = x.gates == 4 ? 3 : 2;
  call.attributes.emplace("direction", std::string(x.direction));
  call.attributes.emplace("hidden_size", x.hidden);
  call.attributes.emplace("layout", x.layout);
  if (x.clip > 0) call.attributes.emplace("clip", x.clip);
  if (x.linear_before_reset) call.attributes.emplace("linear_before_reset", int64_t{1});
  if (x.input_forget) call.attributes.emplace("input_forget", int64_t{1});
  if (way == Way::Packed) return run_packed_op(call, in, {1, 2}, 2);
  if (way == Way::Double) {
    for (Tensor& tensor : in) {
      if (tensor.defined()) tensor = as_double(tensor);
    }
  }
  return run_op(call, in);
}

double sigmoid(double v) {
  return 1 / (1 + std::exp(-v));
}

// One sequence: hidden states of all steps, by step; h and c become the last ones.
class Sequence {
 public:
  Sequence(const Case& x, const std::vector<Tensor>& in, int64_t d, int64_t b)
      : x_(x), in_(in), d_(d), b_(b), h(at(5)), c(x.gates == 4 ? at(6) : std::vector<double>(h.size())) {}

  void step(int64_t t) {
    const auto n = static_cast<size_t>(x_.hidden);
    std::vector<double> next = h;
    std::vector<double> state = h;
    if (x_.gates == 1) {
      for (size_t j = 0; j < n; ++j) next[j] = std::tanh(clip(gate(0, j, t, h)));
    } else if (x_.gates == 3) {
      std::vector<double> z(n), r(n), reset(n);
      for (size_t j = 0; j < n; ++j) z[j] = sigmoid(clip(gate(0, j, t, h)));
      for (size_t j = 0; j < n; ++j) r[j] = sigmoid(clip(gate(1, j, t, h)));
      for (size_t j = 0; j < n; ++j) reset[j] = r[j] * h[j];
      for (size_t j = 0; j < n; ++j) {
        const double g = x_.linear_before_reset ? input(2, j, t) + r[j] * recurrent(2, j, h)
                                                : input(2, j, t) + recurrent(2, j, reset);
        next[j] = (1 - z[j]) * std::tanh(clip(g)) + z[j] * h[j];
      }
    } else {
      for (size_t j = 0; j < n; ++j) {
        const double i = sigmoid(clip(gate(0, j, t, h) + peephole(0, j) * c[j]));
        const double f = x_.input_forget ? 1 - i : sigmoid(clip(gate(2, j, t, h) + peephole(2, j) * c[j]));
        c[j] = f * c[j] + i * std::tanh(clip(gate(3, j, t, h)));
        next[j] = sigmoid(clip(gate(1, j, t, h) + peephole(1, j) * c[j])) * std::tanh(clip(c[j]));
      }
    }
    h = next;
  }

 private:
  double value(size_t input, int64_t i) const { return in_[input].defined() ? in_[input].data<float>()[i] : 0; }
  std::vector<double> at(size_t input) const {
    std::vector<double> state(static_cast<size_t>(x_.hidden));
    const int64_t row = x_.layout == 1 ? b_ * x_.directions() + d_ : d_ * x_.batch + b_;
    for (int64_t j = 0; j < x_.hidden; ++j) state[static_cast<size_t>(j)] = value(input, row * x_.hidden + j);
    return state;
  }
  double clip(double v) const { return x_.clip > 0 ? std::min<double>(std::max<double>(v, -x_.clip), x_.clip) : v; }
  int64_t row(size_t gate, size_t j) const { return static_cast<int64_t>(gate) * x_.hidden + static_cast<int64_t>(j); }
  double input(size_t gate, size_t j, int64_t t) const {
    const int64_t width = x_.gates * x_.hidden, from = x_.layout == 1 ? b_ * x_.steps + t : t * x_.batch + b_;
    double sum = value(3, d_ * 2 * width + row(gate, j));
    for (int64_t i = 0; i < x_.inputs; ++i) {
      sum += value(1, (d_ * width + row(gate, j)) * x_.inputs + i) * value(0, from * x_.inputs + i);
    }
    return sum;
  }
  double recurrent(size_t gate, size_t j, const std::vector<double>& state) const {
    const int64_t width = x_.gates * x_.hidden;
    double sum = value(3, d_ * 2 * width + width + row(gate, j));
    for (int64_t i = 0; i < x_.hidden; ++i) {
      sum += value(2, (d_ * width + row(gate, j)) * x_.hidden + i) * state[static_cast<size_t>(i)];
    }
    return sum;
  }
  double gate(size_t g, size_t j, int64_t t, const std::vector<double>& state) const {
    return input(g, j, t) + recurrent(g, j, state);
  }
  double peephole(size_t which, size_t j) const { return value(7, d_ * 3 * x_.hidden + row(which, j)); }

  const Case& x_;
  const std::vector<Tensor>& in_;
  int64_t d_, b_;

 public:
  std::vector<double> h, c;
};

double element(const Tensor& tensor, int64_t i) {
  return tensor.dtype() == DType::F64 ? tensor.data<double>()[i] : static_cast<double>(tensor.data<float>()[i]);
}

void expect_formulas(const Case& x, const std::vector<Tensor>& in, const std::vector<Datum>& out, double limit) {
  for (int64_t d = 0; d < x.directions(); ++d) {
    for (int64_t b = 0; b < x.batch; ++b) {
      Sequence sequence(x, in, d, b);
      const int64_t length = x.lengths ? in[4].data<int32_t>()[b] : x.steps;
      const auto compare = [&](size_t output, int64_t row, const std::vector<double>& wanted) {
        for (int64_t j = 0; j < x.hidden; ++j) {
          ASSERT_NEAR(element(out[output].tensor, row * x.hidden + j), wanted[static_cast<size_t>(j)], limit)
              << x.op << " " << x.direction << " output " << output << " sequence " << b << " unit " << j;
        }
      };
      const auto y_row = [&](int64_t t) {
        return x.layout == 1 ? (b * x.steps + t) * x.directions() + d : (t * x.directions() + d) * x.batch + b;
      };
      for (int64_t s = 0; s < length; ++s) {
        const int64_t t = x.reversed(d) ? length - 1 - s : s;
        sequence.step(t);
        compare(0, y_row(t), sequence.h);
      }
      const std::vector<double> zeros(static_cast<size_t>(x.hidden));
      for (int64_t t = length; t < x.steps; ++t) compare(0, y_row(t), zeros);
      const int64_t state = x.layout == 1 ? b * x.directions() + d : d * x.batch + b;
      compare(1, state, sequence.h);
      if (x.gates == 4) compare(2, state, sequence.c);
    }
  }
}

TEST(Recurrent, FollowsTheFormulas) {
  std::vector<Case> cases;
  for (const auto& [op, gates] : {std::pair{"RNN", 1}, std::pair{"GRU", 3}, std::pair{"LSTM", 4}}) {
    cases.push_back({op, gates});
    cases.push_back({.op = op, .gates = gates, .direction = "reverse", .bias = true, .clip = 0.4f});
    cases.push_back({.op = op,
                     .gates = gates,
                     .direction = "bidirectional",
                     .lengths = true,
                     .bias = true,
                     .initial = true,
                     .peepholes = true});
    cases.push_back({.op = op,
                     .gates = gates,
                     .direction = "bidirectional",
                     .hidden = 40,
                     .bias = true,
                     .initial = true,
                     .layout = 1,
                     .linear_before_reset = gates == 3,
                     .input_forget = gates == 4});
    cases.push_back({.op = op, .gates = gates, .batch = 1, .inputs = 1, .hidden = 1, .lengths = true});
    cases.push_back({.op = op, .gates = gates, .steps = 0});
  }
  for (const Case& x : cases) {
    const auto in = inputs_of(x);
    expect_formulas(x, in, run(x, in, Way::Float), 2e-6);
    // A part of R that is a single column is not packed.
    if (x.hidden > 1) expect_formulas(x, in, run(x, in, Way::Packed), 2e-6);
    expect_formulas(x, in, run(x, in, Way::Double), 1e-13);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace mica
