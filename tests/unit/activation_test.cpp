// Unary operators and activations through the operator table: dtypes, versions, shapes and contents that the standard's
// own data leaves out. Expected values are from numpy in float64 unless they are plain.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"

namespace mica {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

template <class T>
std::vector<T> values(const Tensor& tensor) {
  return {tensor.as<T>().begin(), tensor.as<T>().end()};
}

template <class T>
std::vector<T> run(const OpCall& call, std::initializer_list<T> x) {
  return values<T>(run_op(call, {Tensor::of<T>({static_cast<int64_t>(x.size())}, x)})[0].tensor);
}

// More than one block, so that blocks of narrow floats are joined.
TEST(UnaryOperators, NarrowAndDoubleAgreeWithFloat) {
  constexpr int64_t kCount = 1100;
  std::vector<float> x(kCount);
  for (size_t i = 0; i < x.size(); ++i) x[i] = Half((static_cast<float>(i) - 500) / 128);
  std::vector<Half> half(x.begin(), x.end());
  std::vector<double> wide(x.begin(), x.end());
  for (const char* name :
       {"Exp",  "Erf",         "Tanh",      "Sin",      "Cos",      "Atan", "Sinh",      "Asinh",           "Floor",
        "Neg",  "Sign",        "Sigmoid",   "Softplus", "Softsign", "Mish", "LeakyRelu", "ThresholdedRelu", "Elu",
        "Selu", "HardSigmoid", "HardSwish", "Swish",    "Gelu",     "Relu", "Shrink"}) {
    const auto y = run_op({.op_type = name}, {Tensor::view<float>({kCount}, x)})[0].tensor;
    const auto y_half = run_op({.op_type = name}, {Tensor::view<Half>({kCount}, half)})[0].tensor;
    const auto y_wide = run_op({.op_type = name}, {Tensor::view<double>({kCount}, wide)})[0].tensor;
    for (size_t i = 0; i < x.size(); ++i) {
      const float f = y.as<float>()[i];
      ASSERT_EQ(y_half.as<Half>()[i].bits, Half(f).bits) << name << "(" << x[i] << ")";
      ASSERT_NEAR(y_wide.as<double>()[i], static_cast<double>(f), 2e-6 * std::max(1.0f, std::abs(f))) << name << x[i];
    }
  }
}

TEST(UnaryOperators, IntegersWrapAround) {
  EXPECT_EQ(run<int8_t>({.op_type = "Abs"}, {-128, -1, 5}), (std::vector<int8_t>{-128, 1, 5}));
  EXPECT_EQ(run<uint8_t>({.op_type = "Abs"}, {200}), (std::vector<uint8_t>{200}));
  EXPECT_EQ(run<int16_t>({.op_type = "Neg"}, {-32768, 7}), (std::vector<int16_t>{-32768, -7}));
  EXPECT_EQ(run<int64_t>({.op_type = "Sign"}, {-3, 0, 9}), (std::vector<int64_t>{-1, 0, 1}));
  EXPECT_EQ(run<uint64_t>({.op_type = "Sign"}, {~uint64_t{0}}), (std::vector<uint64_t>{1}));
  EXPECT_EQ(run<int32_t>({.op_type = "Relu"}, {-3, 4}), (std::vector<int32_t>{0, 4}));
  EXPECT_EQ(run<int32_t>({.op_type = "Erf", .opset = 9}, {-9, 0, 1}), (std::vector<int32_t>{-1, 0, 0}));
  const OpCall shrink{.op_type = "Shrink", .attributes = {{"lambd", 1.5f}, {"bias", 1.5f}}};
  EXPECT_EQ(run<int8_t>(shrink, {-3, 1, 4}), (std::vector<int8_t>{-1, 0, 2}));
  EXPECT_THROW(run<int32_t>({.op_type = "Relu", .opset = 13}, {1}), Error);
}

TEST(UnaryOperators, ConsumedInputsSayNothing) {
  const Attributes attributes{{"consumed_inputs", std::vector<int64_t>{0}}};
  for (const char* name : {"Abs", "Exp", "Relu", "Sigmoid", "Elu", "Dropout"}) {
    OpCall call{.op_type = name, .opset = 5, .attributes = attributes};
    if (call.op_type == "Dropout") call.attributes["is_test"] = int64_t{1};
    EXPECT_NEAR(run<float>(call, {1.0f})[0],
                call.op_type == "Exp"       ? 2.7182818f
                : call.op_type == "Sigmoid" ? 0.7310586f
                                            : 1,
                1e-6)
        << name;
  }
}

TEST(UnaryOperators, PassKnownElements) {
  const Dim n = Dim::symbol("n");
  const auto contents = [](const char* name, Dims x) {
    return infer_op({.op_type = name}, {vector_input(x)})[0].contents;
  };
  EXPECT_EQ(contents("Neg", {n, 3}), (Dims{-n, -3}));
  EXPECT_EQ(contents("Abs", {n, -3}), (Dims{n, 3}));
  EXPECT_FALSE(contents("Abs", {n - 4}));
  EXPECT_EQ(contents("Sign", {n + 1, -3, 0}), (Dims{1, -1, 0}));
  EXPECT_FALSE(contents("Sign", {n}));
  EXPECT_EQ(contents("Relu", {n - 4, -1}), (Dims{max(n - 4, 0), 0}));
}

TEST(UnaryOperators, NaNAndInfinity) {
  const Tensor x = Tensor::of<float>({4}, {kNaN, kInf, -kInf, 1});
  EXPECT_EQ(values<bool>(run_op({.op_type = "IsNaN"}, {x})[0].tensor), (std::vector<bool>{true, false, false, false}));
  EXPECT_EQ(values<bool>(run_op({.op_type = "IsInf"}, {x})[0].tensor), (std::vector<bool>{false, true, true, false}));
  const OpCall negative{.op_type = "IsInf", .attributes = {{"detect_positive", int64_t{0}}}};
  EXPECT_EQ(values<bool>(run_op(negative, {x})[0].tensor), (std::vector<bool>{false, false, true, false}));
  std::vector<Float8E4M3FN> small = {Float8E4M3FN(kNaN), Float8E4M3FN(448)};
  EXPECT_EQ(values<bool>(run_op({.op_type = "IsNaN"}, {Tensor::view<Float8E4M3FN>({2}, small)})[0].tensor),
            (std::vector<bool>{true, false}));
  std::vector<Float8E5M2> infinite = {Float8E5M2(-kInf, false)};
  EXPECT_EQ(values<bool>(run_op(negative, {Tensor::view<Float8E5M2>({1}, infinite)})[0].tensor),
            (std::vector<bool>{true}));
}

TEST(UnaryOperators, EmptyAndScalar) {
  EXPECT_EQ(run_op({.op_type = "Exp"}, {Tensor(DType::F32, Shape{0, 3})})[0].tensor.shape(), (Shape{0, 3}));
  EXPECT_EQ(run_op({.op_type = "Hardmax"}, {Tensor(DType::F32, Shape{0, 3})})[0].tensor.shape(), (Shape{0, 3}));
  EXPECT_EQ(run_op({.op_type = "Hardmax", .opset = 11}, {Tensor(DType::F32, Shape{3, 0})})[0].tensor.elements(), 0);
  EXPECT_FLOAT_EQ(run_op({.op_type = "Sin"}, {Tensor::scalar(0.5f)})[0].tensor.as<float>()[0], 0.4794255386f);
}

TEST(Selu, DefaultsOfTheFirstVersion) {
  EXPECT_FLOAT_EQ(run<float>({.op_type = "Selu", .opset = 5}, {2})[0], 2 * 1.0507f);
  EXPECT_FLOAT_EQ(run<float>({.op_type = "Selu", .opset = 6}, {2})[0], 2 * 1.0507010f);
}

double gelu(double x) {
  return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
}
double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

// Rows longer than a block, and shorter than one.
TEST(Gelu, BiasAlongTheLastAxis) {
  for (const int64_t width : {int64_t{3}, int64_t{2500}}) {
    const Shape shape{2, 3, width};
    std::vector<float> x(static_cast<size_t>(shape.elements())), bias(static_cast<size_t>(width));
    for (size_t i = 0; i < x.size(); ++i) x[i] = Half(std::sin(static_cast<float>(i)) * 3);
    for (size_t i = 0; i < bias.size(); ++i) bias[i] = Half(std::cos(static_cast<float>(i)));
    const std::vector<Half> x_half(x.begin(), x.end()), bias_half(bias.begin(), bias.end());
    for (const bool exact : {true, false}) {
      const OpCall call{.op_type = exact ? "BiasGelu" : "FastGelu", .opset = 1, .domain = "com.microsoft"};
      const auto y = run_op(call, {Tensor::view<float>(shape, x), Tensor::view<float>({width}, bias)})[0].tensor;
      const auto h =
          run_op(call, {Tensor::view<Half>(shape, x_half), Tensor::view<Half>({width}, bias_half)})[0].tensor;
      for (size_t i = 0; i < x.size(); ++i) {
        const double sum = static_cast<double>(x[i]) + static_cast<double>(bias[i % bias.size()]);
        const double expected = exact ? gelu(sum) : gelu_tanh(sum);
        ASSERT_NEAR(y.as<float>()[i], expected, 1e-6) << i;
        ASSERT_NEAR(h.as<Half>()[i], expected, 2e-3) << i;
      }
    }
  }
  const OpCall call{.op_type = "FastGelu", .opset = 1, .domain = "com.microsoft"};
  EXPECT_NEAR(run<float>(call, {-0.75f})[0], gelu_tanh(-0.75), 1e-6);
  const Tensor x = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  EXPECT_THROW(run_op(call, {x, Tensor::of<float>({3}, {1, 2, 3})}), Error);
  EXPECT_THROW(run_op(call, {Tensor::scalar(1.0f), Tensor::of<float>({1}, {1})}), Error);
  EXPECT_THROW(run<float>({.op_type = "Gelu", .attributes = {{"approximate", std::string("erf")}}}, {1}), Error);
}

TEST(Hardmax, FirstOfEqualElements) {
  const Tensor x = Tensor::of<float>({2, 2, 2}, {1, 5, 5, 1, 3, 3, 3, 3});
  const auto hardmax = [&](int64_t axis, int64_t opset) {
    return values<float>(run_op({.op_type = "Hardmax", .opset = opset, .attributes = {{"axis", axis}}}, {x})[0].tensor);
  };
  EXPECT_EQ(hardmax(1, 13), (std::vector<float>{0, 1, 1, 0, 1, 1, 0, 0}));
  EXPECT_EQ(hardmax(1, 11), (std::vector<float>{0, 1, 0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(hardmax(0, 11), (std::vector<float>{0, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(Dropout, InferenceCopiesAndKeepsAll) {
  const Tensor x = Tensor::of<float>({3}, {1, 2, 3});
  for (const int64_t opset : {7, 10, 12, 22}) {
    const auto y = run_op({.op_type = "Dropout", .opset = opset, .outputs = 2}, {x});
    EXPECT_EQ(values<float>(y[0].tensor), (std::vector<float>{1, 2, 3})) << opset;
    EXPECT_EQ(y[1].tensor.dtype(), opset < 10 ? DType::F32 : DType::Bool) << opset;
    if (opset < 10) {
      EXPECT_EQ(values<float>(y[1].tensor), (std::vector<float>{1, 1, 1})) << opset;
    } else {
      EXPECT_EQ(values<bool>(y[1].tensor), (std::vector<bool>{true, true, true})) << opset;
    }
  }
}

TEST(Dropout, TrainingKeepsAFraction) {
  constexpr int64_t kCount = 20000;
  const std::vector<float> ones(kCount, 1);
  const Tensor x = Tensor::view<float>({kCount}, ones);
  const auto train = [&](const Attributes& attributes) {
    const OpCall call{.op_type = "Dropout", .attributes = attributes, .outputs = 2};
    return run_op(call, {x, Tensor::scalar(0.25f), Tensor::scalar(true)});
  };
  const auto y = train({{"seed", int64_t{3}}});
  int64_t kept = 0;
  for (size_t i = 0; i < ones.size(); ++i) {
    const bool keep = y[1].tensor.as<bool>()[i];
    ASSERT_FLOAT_EQ(y[0].tensor.as<float>()[i], keep ? 4.0f / 3 : 0.0f);
    kept += keep ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(kept), 15000, 300);  // five standard deviations
  EXPECT_EQ(values<float>(train({{"seed", int64_t{3}}})[0].tensor), values<float>(y[0].tensor));
  EXPECT_NE(values<float>(train({})[0].tensor), values<float>(train({})[0].tensor));
  const OpCall old{.op_type = "Dropout", .opset = 6, .outputs = 2};
  EXPECT_EQ(run_op(old, {x})[1].tensor.dtype(), DType::F32);
  EXPECT_THROW(run_op({.op_type = "Dropout"}, {x, Tensor::scalar(1.0f), Tensor::scalar(true)}), Error);
  EXPECT_THROW(run_op({.op_type = "Dropout"}, {x, Tensor::scalar(kNaN), Tensor::scalar(true)}), Error);
}

}  // namespace
}  // namespace mica
