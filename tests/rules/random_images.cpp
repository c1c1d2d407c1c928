// Layers of networks for images, as exporters write them, and what may stand between them.
#include "tests/rules/random_images.h"

#include <array>
#include <utility>

namespace mica {
namespace {

using Builder = RandomBuilder;

// The number of channels where every run has the same; 0 otherwise.
int64_t channels_of(Builder& g, ValueId x) {
  const auto& dims = g.graph().value(x).type.dims;
  return dims && dims->size() >= 3 && (*dims)[1].is_constant() ? (*dims)[1].value() : 0;
}

ValueId convolve(Builder& g, ValueId x) {
  const int64_t channels = channels_of(g, x);
  if (channels == 0) return ValueId::None;
  const size_t spatial = g.shape(x).rank() - 2;
  const bool depthwise = g.chance(0.3);
  const int64_t filters = depthwise ? channels : g.chance(0.7) ? 8 + static_cast<int64_t>(g.draw(10)) : 3;
  Shape weights{filters, depthwise ? 1 : channels};
  std::vector<int64_t> pads(2 * spatial, 0);
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t kernel = 1 + static_cast<int64_t>(g.draw(3));
    weights.push_back(kernel);
    pads[i] = kernel / 2, pads[spatial + i] = (kernel - 1) / 2;
  }
  Attributes attributes{{"pads", pads}};
  if (depthwise) attributes["group"] = channels;
  if (g.chance(0.2)) attributes["strides"] = std::vector<int64_t>(spatial, 2);
  std::vector<ValueId> inputs{x, g.weights(weights)};
  if (g.chance(0.5)) inputs.push_back(g.weights({filters}));
  return g.add("Conv", std::move(inputs), std::move(attributes));
}

ValueId normalise(Builder& g, ValueId x) {
  const Shape channels{channels_of(g, x)};
  const ValueId variance =
      g.constant(Tensor::of<float>(channels, std::vector<float>(static_cast<size_t>(channels[0]), 2)));
  return g.add("BatchNormalization", {x, g.weights(channels), g.weights(channels), g.weights(channels), variance});
}

ValueId activate(Builder& g, ValueId x) {
  constexpr std::array kOps{"Relu", "HardSwish", "Sigmoid", "Tanh", "LeakyRelu", "Neg"};
  if (g.chance(0.3)) return g.add("Clip", {x, g.number(0), g.number(6)});
  return g.add(kOps[g.draw(kOps.size())], {x});
}

ValueId pool(Builder& g, ValueId x) {
  const size_t spatial = g.shape(x).rank() - 2;
  if (g.chance(0.3)) return g.add(g.chance(0.5) ? "GlobalAveragePool" : "GlobalMaxPool", {x});
  Attributes attributes{{"kernel_shape", std::vector<int64_t>(spatial, 2)},
                        {"pads", std::vector<int64_t>(2 * spatial, g.chance(0.5) ? 1 : 0)},
                        {"strides", std::vector<int64_t>(spatial, 1 + static_cast<int64_t>(g.draw(2)))}};
  return g.add(g.chance(0.5) ? "MaxPool" : "AveragePool", {x}, std::move(attributes));
}

// Something of one number for each channel, or of the image's own dims.
ValueId combine(Builder& g, ValueId x, ValueId other) {
  const char* op = g.chance(0.6) ? "Add" : "Mul";
  Shape channels{channels_of(g, x)};
  for (size_t i = 2; i < g.shape(x).rank(); ++i) channels.push_back(1);
  const ValueId y = g.chance(0.3) ? g.weights(channels) : g.chance(0.3) ? g.add("Sigmoid", {pool(g, x)}) : other;
  return g.chance(0.5) ? g.add(op, {x, y}) : g.add(op, {y, x});
}

ValueId rearrange(Builder& g, ValueId x, ValueId other) {
  const size_t rank = g.shape(x).rank();
  if (g.chance(0.4))
    return g.add("Concat", {x, g.chance(0.5) ? other : x}, {{"axis", int64_t{g.chance(0.7) ? 1 : -1}}});
  if (g.chance(0.2)) {
    const std::vector<int64_t> step{1 + static_cast<int64_t>(g.draw(2))};
    return g.add("Slice",
                 {x, g.integers({0}), g.integers({1000}), g.integers({g.chance(0.7) ? 1 : -1}), g.integers(step)});
  }
  if (g.chance(0.3)) {
    std::vector<int64_t> pads(2 * rank, 0);
    pads[1] = 2, pads[rank - 1] = 1, pads[rank + 2] = 1;
    return g.add("Pad", {x, g.integers(pads)});
  }
  if (g.chance(0.4)) {
    std::vector<float> scales(rank, 1);
    scales.back() = 2;
    const ValueId list = g.constant(Tensor::of<float>({static_cast<int64_t>(rank)}, std::span<const float>(scales)));
    const ValueId region = g.constant(Tensor(DType::F32, Shape{0}));
    return g.add("Resize", {x, region, list}, {{"mode", std::string(g.chance(0.5) ? "linear" : "nearest")}});
  }
  std::vector<int64_t> perm{0};
  for (size_t i = 2; i < rank; ++i) perm.push_back(static_cast<int64_t>(i));
  perm.push_back(1);
  return g.add("Transpose", {x}, {{"perm", perm}});
}

}  // namespace

ValueId image_layers(RandomBuilder& g, ValueId x) {
  ValueId last = convolve(g, x), before = last;
  if (last == ValueId::None) return last;
  for (size_t steps = 1 + g.draw(5); steps > 0; --steps) {
    if (channels_of(g, last) == 0) return last;
    ValueId next = ValueId::None;
    switch (g.draw(6)) {
      case 0:
        next = convolve(g, last);
        break;
      case 1:
        next = normalise(g, last);
        break;
      case 2:
        next = activate(g, last);
        break;
      case 3:
        next = pool(g, last);
        break;
      case 4:
        next = combine(g, last, before);
        break;
      default:
        next = rearrange(g, last, before);
        break;
    }
    if (next != ValueId::None) before = std::exchange(last, next);
  }
  return last;
}

}  // namespace mica
