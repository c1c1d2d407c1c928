#include "kernels/matmul/layer_activation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "kernels/activation/functions.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

using Activation = Epilogue::Activation;

struct NamedActivation {
  std::string_view name;
  Activation activation;
  double (*wide)(double x, double low, double high);
};
constexpr std::array kActivations{
    NamedActivation{"", Activation::None, [](double x, double, double) { return x; }},
    NamedActivation{"relu", Activation::Relu, [](double x, double, double) { return activation::relu(x); }},
    NamedActivation{"clip", Activation::Clip,
                    [](double x, double low, double high) {
                      const double raised = x < low ? low : x;
                      return raised > high ? high : raised;
                    }},
    NamedActivation{"hard_swish", Activation::HardSwish,
                    [](double x, double, double) { return activation::hard_swish(x, 1.0 / 6, 0.5); }},
    NamedActivation{"gelu", Activation::Gelu, [](double x, double, double) { return activation::gelu(x); }},
    NamedActivation{"gelu_tanh", Activation::GeluTanh,
                    [](double x, double, double) { return activation::gelu_tanh(x); }},
    NamedActivation{"silu", Activation::Silu, [](double x, double, double) { return activation::swish(x, 1, 0); }},
    NamedActivation{"tanh", Activation::Tanh, [](double x, double, double) { return std::tanh(x); }},
    NamedActivation{"sigmoid", Activation::Sigmoid, [](double x, double, double) { return activation::sigmoid(x); }},
};

}  // namespace

Epilogue LayerActivation::epilogue() const {
  Epilogue epilogue;
  epilogue.activation = activation;
  epilogue.low = low;
  epilogue.high = high;
  return epilogue;
}

double LayerActivation::wide(double x) const {
  return std::ranges::find(kActivations, activation, &NamedActivation::activation)
      ->wide(x, static_cast<double>(low), static_cast<double>(high));
}

void prepare_layer_activation(LayerActivation& f, const NodeFacts&) {
  const auto known = std::ranges::find(kActivations, f.name, &NamedActivation::name);
  if (known == kActivations.end()) {
    throw_error(ErrorCode::InvalidModel, {"activation \"", f.name, "\" is unknown"});
  }
  f.activation = known->activation;
}

}  // namespace mica
