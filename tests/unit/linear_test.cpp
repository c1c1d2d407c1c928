// Linear of the engine's own domain: products with all that may be done to them, against double.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

double element(const Tensor& tensor, int64_t i) {
  double value = 0;
  visit_dtype<float, double, Half, BFloat16>(
      tensor.dtype(), [&]<class T>() { value = static_cast<double>(static_cast<double>(tensor.data<T>()[i])); });
  return value;
}

Tensor random_tensor(DType dtype, const Shape& shape, std::mt19937& random) {
  Tensor tensor(dtype, shape);
  visit_dtype<float, double, Half, BFloat16>(dtype, [&]<class T>() {
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      tensor.mutable_data<T>()[i] = static_cast<T>(static_cast<float>(random() % 2001) * 1e-3f - 1);
    }
  });
  return tensor;
}

double activated(const std::string& f, double x) {
  if (f == "relu") return std::max(x, 0.0);
  if (f == "gelu") return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
  if (f == "gelu_tanh") return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  if (f == "silu") return x / (1 + std::exp(-x));
  if (f == "tanh") return std::tanh(x);
  if (f == "clip") return std::min(0.5, std::max(-0.25, x));
  if (f == "hard_swish") return x * std::min(1.0, std::max(0.0, x / 6 + 0.5));
  if (f == "sigmoid") return 1 / (1 + std::exp(-x));
  return x;
}

// Largest error that rounding to the type may make of values of magnitude 1.
double rounding(DType dtype) {
  return dtype == DType::F64 ? 1e-12 : dtype == DType::F32 ? 1e-6 : dtype == DType::F16 ? 5e-4 : 4e-3;
}

struct Layer {
  OpCall call;
  std::vector<Tensor> inputs;  // X, W, bias, residual
};

void expect_layer(const Layer& layer, const Tensor& y) {
  const auto& [call, inputs] = layer;
  const bool transposed = call.attributes.contains("transB");
  const int64_t k = inputs[0].shape().back(), n = inputs[1].shape()[transposed ? 0 : 1];
  const double alpha = static_cast<double>(std::get<float>(call.attributes.at("alpha")));
  const double beta = static_cast<double>(std::get<float>(call.attributes.at("beta")));
  const std::string f = std::get<std::string>(call.attributes.at("activation"));
  for (int64_t at = 0; at < y.elements(); ++at) {
    const int64_t i = at / n, j = at % n;
    double sum = 0, magnitude = 1;
    for (int64_t p = 0; p < k; ++p) {
      const double term = element(inputs[0], i * k + p) * element(inputs[1], transposed ? j * k + p : p * n + j);
      sum += term;
      magnitude += std::abs(term);
    }
    sum *= alpha;
    if (inputs[2].defined()) sum += beta * element(inputs[2], inputs[2].elements() == 1 ? 0 : j);
    if (inputs[3].defined()) sum += element(inputs[3], at);
    const double limit = y.dtype() == DType::F64 ? 1e-12 : 1.2 * tolerance::sum(k + 4) * (magnitude + 2);
    const double wanted = activated(f, sum);
    ASSERT_NEAR(element(y, at), wanted, limit + rounding(y.dtype()) * std::max(1.0, std::abs(wanted)))
        << name(y.dtype()) << " " << f << " at " << i << "," << j;
  }
}

TEST(Linear, AgreesWithDouble) {
  std::mt19937 random(5);
  const char* activations[] = {"", "relu", "gelu", "gelu_tanh", "silu", "tanh", "sigmoid", "clip", "hard_swish"};
  for (const DType dtype : {DType::F32, DType::F64, DType::F16, DType::BF16}) {
    for (int round = 0; round < 60; ++round) {
      const int64_t m = static_cast<int64_t>(random() % 20), k = static_cast<int64_t>(random() % 40);
      const int64_t n = 1 + static_cast<int64_t>(random() % 40);
      const bool transposed = random() % 2 == 0;
      Layer layer{{"Linear", 1, {}, 1, "mica"}, {}};
      layer.call.attributes = {{"alpha", 0.5f}, {"beta", -2.0f}, {"activation", std::string(activations[round % 9])}};
      layer.call.attributes.insert({{"low", -0.25f}, {"high", 0.5f}});
      if (transposed) layer.call.attributes.emplace("transB", int64_t{1});
      const Shape bias = random() % 4 == 0 ? Shape{1} : random() % 2 == 0 ? Shape{1, 1, n} : Shape{n};
      layer.inputs = {random_tensor(dtype, {2, m, k}, random),
                      random_tensor(dtype, transposed ? Shape{n, k} : Shape{k, n}, random),
                      random() % 3 != 0 ? random_tensor(dtype, bias, random) : Tensor(),
                      random() % 2 != 0 ? random_tensor(dtype, {2, m, n}, random) : Tensor()};
      const Tensor y = run_op(layer.call, layer.inputs)[0].tensor;
      ASSERT_EQ(y.shape(), (Shape{2, m, n}));
      expect_layer(layer, y);
      if (HasFatalFailure() || dtype == DType::F64 || n == 1 || k == 0) continue;
      expect_layer(layer, run_packed_op(layer.call, layer.inputs, {1}, 2)[0].tensor);
    }
  }
}

// The result may lie where the residual does.
TEST(Linear, OverwritesItsResidual) {
  std::mt19937 random(6);
  for (const DType dtype : {DType::F32, DType::F64, DType::F16}) {
    Layer layer{{"Linear", 1, {{"alpha", 1.0f}, {"beta", 1.0f}, {"activation", std::string("tanh")}}, 1, "mica"}, {}};
    layer.inputs = {random_tensor(dtype, {37, 700}, random), random_tensor(dtype, {700, 65}, random), Tensor(),
                    random_tensor(dtype, {37, 65}, random)};
    const Node node = node_of(layer.call, layer.inputs);
    Datum x(layer.inputs[0]), w(layer.inputs[1]), y(layer.inputs[3].clone());
    Datum* inputs[] = {&x, &w, nullptr, &y};
    Datum* outputs[] = {&y};
    Workspace workspace;
    ThreadPool threads(2);
    const Operands::Context context{&workspace, &threads, nullptr};
    node.op->def().kernels.front().run(node.params.get(), Operands(inputs, outputs, nullptr, context));
    expect_layer(layer, y.tensor);
  }
}

TEST(Linear, InfersDimsAndRefusesWhatDoesNotFit) {
  const OpCall call{"Linear", 1, {}, 1, "mica"};
  const Dim b = Dim::symbol("b");
  const auto known = infer_op(call, {tensor_input(DType::F32, {b, 5, 4}), tensor_input(DType::F32, {4, 3})});
  EXPECT_EQ(*known[0].type.dims, (Dims{b, 5, 3}));
  const Tensor x(DType::F32, {2, 4}), w(DType::F32, {4, 3}), c(DType::F32, {2}), r(DType::F32, {1, 3});
  EXPECT_NE(message_of([&] { run_op(call, {x, w, c}); }).find("does not broadcast"), std::string::npos);
  EXPECT_NE(message_of([&] { run_op(call, {x, w, Tensor(), r}); }).find("has not the dims"), std::string::npos);
  EXPECT_NE(message_of([&] { run_op(call, {x, c}); }).find("not a matrix"), std::string::npos);
  const OpCall odd{"Linear", 1, {{"activation", std::string("elu")}}, 1, "mica"};
  EXPECT_NE(message_of([&] { run_op(odd, {x, w}); }).find("unknown"), std::string::npos);
}

}  // namespace
}  // namespace mica
