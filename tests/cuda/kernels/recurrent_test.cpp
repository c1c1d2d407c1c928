// LSTM, GRU and RNN, by one launch for a layer and by launches for each step.
#include <gtest/gtest.h>

#include <array>

#include "tests/api/model_from_text.h"
#include "tests/cuda/kernels/cases.h"

namespace mica {
namespace {

struct Layer {
  std::string op = "LSTM";
  int steps = 5, batch = 3, inputs = 4, hidden = 6;
  std::string attributes = {};
  std::string type = "float";
  int directions = 1;
  bool states = false, lengths = false, peepholes = false, bias = true, batch_first = false;
};

std::string dims(std::initializer_list<int> of) {
  std::string text;
  for (const int dim : of) text += (text.empty() ? "[" : ",") + std::to_string(dim);
  return text + "]";
}

Tensor every_third(int count, const std::array<int32_t, 3>& values) {
  Tensor tensor(DType::I32, {count});
  for (int i = 0; i < count; ++i) tensor.mutable_data<int32_t>()[i] = values[static_cast<size_t>(i) % 3];
  return tensor;
}

// Weights of states are scaled, so that what differs by a rounding does not grow from step to step.
void add(Cases& cases, const std::string& name, const Layer& l) {
  const int gates = l.op == "LSTM" ? 4 : l.op == "GRU" ? 3 : 1, width = gates * l.hidden;
  const bool lstm = l.op == "LSTM";
  const std::string t = l.type;
  const std::string state =
      l.batch_first ? dims({l.batch, l.directions, l.hidden}) : dims({l.directions, l.batch, l.hidden});
  std::string inputs =
      "x: " + t + (l.batch_first ? dims({l.batch, l.steps, l.inputs}) : dims({l.steps, l.batch, l.inputs})) +
      ", w: " + t + dims({l.directions, width, l.inputs}) + ", r: " + t + dims({l.directions, width, l.hidden});
  if (l.bias) inputs += ", b: " + t + dims({l.directions, 2 * width});
  if (l.lengths) inputs += ", n: int32" + dims({l.batch});
  if (l.states) inputs += ", h: " + t + state;
  if (l.states && lstm) inputs += ", c: " + t + state;
  if (l.peepholes) inputs += ", p: " + t + dims({l.directions, 3 * l.hidden});
  std::string call =
      "x, w, q, " + std::string(l.bias ? "b, " : "_, ") + (l.lengths ? "n, " : "_, ") + (l.states ? "h" : "_");
  if (lstm) call += std::string(l.states ? ", c" : ", _") + (l.peepholes ? ", p" : ", _");
  std::string attributes = "hidden_size=" + std::to_string(l.hidden);
  if (l.batch_first) attributes += ", layout=1";
  if (!l.attributes.empty()) attributes += ", " + l.attributes;
  std::vector<NamedInput> given;
  if (l.lengths) given = {{"n", every_third(l.batch, {l.steps, 0, l.steps / 2})}};
  const double tolerance = t == "double" ? 1e-12 : t == "float16" ? 4e-3 : t == "bfloat16" ? 3e-2 : 2e-5;
  cases.add(name, inputs,
            "q = Mul(r, " + t + "[] 0.2)  " + std::string(lstm ? "y, u, v" : "y, u") + " = " + l.op + "(" + call +
                ") {" + attributes + "}",
            tolerance, lstm ? "y, u, v" : "y, u", given);
}

std::vector<DeviceCase> all_layers() {
  Cases cases;
  for (const char* op : {"LSTM", "GRU", "RNN"}) {
    const std::string name = op;
    const bool lstm = name == "LSTM";
    // Up to 1024 sequences are computed by one launch, more by launches for each step.
    struct Size {
      int batch, hidden;
    };
    for (const auto& [batch, hidden] : {Size{3, 6}, Size{3, 45}, Size{1030, 3}}) {
      const std::string size = name + "_" + std::to_string(hidden);
      add(cases, size, {.op = op, .batch = batch, .hidden = hidden});
      add(cases, size + "_one_step", {.op = op, .steps = 1, .batch = batch, .hidden = hidden, .states = true});
      add(cases, size + "_no_step", {.op = op, .steps = 0, .batch = batch, .hidden = hidden, .states = true});
      add(cases, size + "_plain", {.op = op, .batch = batch, .hidden = hidden, .bias = false});
      add(cases, size + "_reverse",
          {.op = op,
           .batch = batch,
           .hidden = hidden,
           .attributes = "direction=\"reverse\"",
           .states = true,
           .lengths = true});
      const std::string both = "direction=\"bidirectional\"";
      add(cases, size + "_both",
          {.op = op,
           .batch = batch,
           .hidden = hidden,
           .attributes = both,
           .directions = 2,
           .states = true,
           .lengths = true,
           .peepholes = lstm});
      add(cases, size + "_batch_first",
          {.op = op,
           .batch = batch,
           .hidden = hidden,
           .attributes = both,
           .directions = 2,
           .states = true,
           .lengths = true,
           .batch_first = true});
      for (const char* type : {"float16", "bfloat16", "double"}) {
        add(cases, size + "_" + type, {.op = op, .batch = batch, .hidden = hidden, .type = type, .states = true});
      }
    }
    add(cases, name + "_no_sequence", {.op = op, .batch = 0});
    add(cases, name + "_clip", {.op = op, .attributes = "clip=0.3", .states = true});
    add(cases, name + "_wide", {.op = op, .steps = 2, .batch = 2, .hidden = lstm ? 160 : 210, .states = true});
  }
  for (const int batch : {3, 1030}) {
    const std::string size = std::to_string(batch);
    add(cases, "linear_before_reset_" + size,
        {.op = "GRU",
         .batch = batch,
         .hidden = 4,
         .attributes = "linear_before_reset=1",
         .states = true,
         .lengths = true});
    add(cases, "input_forget_" + size,
        {.op = "LSTM", .batch = batch, .hidden = 4, .attributes = "input_forget=1", .peepholes = true});
  }
  for (const char* function : {"Relu", "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu",
                               "Softsign", "Softplus", "Sigmoid"}) {
    add(cases, function,
        {.op = "RNN",
         .attributes = "activations=[\"" + std::string(function) +
                       "\"], activation_alpha=[0.4], activation_beta=[0.3], clip=2.0"});
  }
  return cases.all();
}

class Recurrence : public testing::TestWithParam<DeviceCase> {};
TEST_P(Recurrence, AgreesWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, Recurrence, testing::ValuesIn(all_layers()), name_of_case);

TEST(RecurrentLengths, OutOfRangeAreRefused) {
  if (const std::string why = absence_of_device(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
  for (const int batch : {1, 1030}) {
    const std::string b = std::to_string(batch);
    const Model model = model_from_text("graph g(x: float[3," + b + ",2], w: float[1,8,2], r: float[1,8,2], n: int32[" +
                                            b + "]) -> (y) { y = LSTM(x, w, r, _, n) {hidden_size=2} }",
                                        false);
    Session session = model.compile({.device = MICA_TEST_DEVICE});
    const auto zeros = [](const Shape& shape) {
      Tensor tensor(DType::F32, shape);
      std::fill_n(tensor.mutable_data<float>(), tensor.elements(), 0.0f);
      return tensor;
    };
    const Tensor x = zeros({3, batch, 2}), weights = zeros({1, 8, 2});
    const auto run = [&](int32_t length) {
      session.run({{"x", x}, {"w", weights}, {"r", weights}, {"n", every_third(batch, {length, 0, 3})}});
    };
    EXPECT_NO_THROW(run(3));
    EXPECT_THROW(run(4), Error);
    EXPECT_THROW(run(-1), Error);
  }
}

}  // namespace
}  // namespace mica
