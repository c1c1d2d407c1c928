// What exporters write, with variations that rules must not take for it.
#include <array>
#include <utility>

#include "tests/rules/random_builder.h"
#include "tests/rules/random_graph.h"
#include "tests/rules/random_images.h"

namespace mica {
namespace {

using Builder = RandomBuilder;
using Motif = ValueId (*)(Builder&, ValueId);

constexpr int64_t kFloat = 1, kInt64 = 7, kDouble = 11;

// The number, or now and then one near it.
ValueId about(Builder& g, double value) {
  return g.number(g.chance(0.1) ? value + 1.5 : value);
}

int64_t last_axis(const Builder& g, ValueId x) {
  return g.shape(x).rank() == 0 ? 0 : static_cast<int64_t>(g.shape(x).rank()) - 1;
}

ValueId mean(Builder& g, ValueId x) {
  if (g.opset() >= 18) return g.add("ReduceMean", {x, g.integers({-1})});
  return g.add("ReduceMean", {x}, {{"axes", std::vector<int64_t>{-1}}});
}

ValueId gelu(Builder& g, ValueId x) {
  const ValueId erf = g.add("Erf", {g.add("Div", {x, about(g, 1.41421356)})});
  return g.add("Mul", {g.add("Mul", {x, g.add("Add", {erf, about(g, 1)})}), about(g, 0.5)});
}

ValueId gelu_tanh(Builder& g, ValueId x) {
  const ValueId inner = g.add("Mul", {about(g, 0.044715), g.add("Pow", {x, g.number(3)})});
  const ValueId tanh = g.add("Tanh", {g.add("Mul", {g.add("Add", {x, inner}), about(g, 0.7978845608)})});
  return g.add("Mul", {g.add("Mul", {x, about(g, 0.5)}), g.add("Add", {tanh, about(g, 1)})});
}

ValueId swish(Builder& g, ValueId x) {
  return g.add("Mul", {x, g.add("Sigmoid", {g.chance(0.2) ? g.add("Neg", {x}) : x})});
}

ValueId layer_norm(Builder& g, ValueId x) {
  const Shape width{g.shape(x).rank() == 0 ? 1 : g.shape(x)[g.shape(x).rank() - 1]};
  const ValueId centred = g.add("Sub", {x, mean(g, x)});
  const ValueId variance = mean(g, g.add("Pow", {centred, g.number(2)}));
  const ValueId scaled = g.add("Div", {centred, g.add("Sqrt", {g.add("Add", {variance, g.number(1e-3)})})});
  return g.add("Add", {g.add("Mul", {scaled, g.weights(width)}), g.weights(width)});
}

ValueId rms_norm(Builder& g, ValueId x) {
  const Shape width{g.shape(x).rank() == 0 ? 1 : g.shape(x)[g.shape(x).rank() - 1]};
  const ValueId square = mean(g, g.add("Pow", {x, g.number(2)}));
  const ValueId root = g.add("Sqrt", {g.add("Add", {square, g.number(1e-3)})});
  return g.add("Mul", {g.add("Mul", {x, g.add("Reciprocal", {root})}), g.weights(width)});
}

ValueId softmax(Builder& g, ValueId x) {
  const ValueId top = g.opset() >= 18 ? g.add("ReduceMax", {x, g.integers({-1})})
                                      : g.add("ReduceMax", {x}, {{"axes", std::vector<int64_t>{-1}}});
  const ValueId e = g.add("Exp", {g.add("Sub", {x, top})});
  const ValueId sum = g.opset() >= 13 ? g.add("ReduceSum", {e, g.integers({-1})})
                                      : g.add("ReduceSum", {e}, {{"axes", std::vector<int64_t>{-1}}});
  return g.add("Div", {e, sum});
}

Attributes permutation(Builder& g, ValueId x) {
  std::vector<int64_t> perm;
  for (int64_t i = 0; i <= last_axis(g, x); ++i) perm.push_back(i);
  for (size_t i = perm.size(); i > 1; --i) std::swap(perm[i - 1], perm[g.draw(i)]);
  return {{"perm", std::move(perm)}};
}

ValueId transposes(Builder& g, ValueId x) {
  const ValueId once = g.add("Transpose", {x}, permutation(g, x));
  if (once == ValueId::None || g.chance(0.3)) return once;
  return g.add("Transpose", {once}, permutation(g, once));
}

ValueId flatten_by_shape(Builder& g, ValueId x) {
  const ValueId first =
      g.add("Gather", {g.add("Shape", {x}), g.constant(Tensor::scalar<int64_t>(0))}, {{"axis", int64_t{0}}});
  const ValueId unsqueezed = g.opset() >= 13 ? g.add("Unsqueeze", {first, g.integers({0})})
                                             : g.add("Unsqueeze", {first}, {{"axes", std::vector<int64_t>{0}}});
  const ValueId shape = g.add("Concat", {unsqueezed, g.integers({-1})}, {{"axis", int64_t{0}}});
  return g.add("Reshape", {x, shape});
}

ValueId reshape_there_and_back(Builder& g, ValueId x) {
  const ValueId flat = g.add("Reshape", {x, g.integers({-1})});
  return g.chance(0.5) ? flat : g.add("Reshape", {flat, g.add("Shape", {x})});
}

ValueId unit_arithmetic(Builder& g, ValueId x) {
  constexpr std::array<const char*, 5> kOps{"Add", "Sub", "Mul", "Div", "Pow"};
  const ValueId y = about(g, g.chance(0.5) ? 1 : 0);
  const char* op = kOps[g.draw(kOps.size())];
  return g.chance(0.7) ? g.add(op, {x, y}) : g.add(op, {y, x});
}

ValueId broadcast_weights(Builder& g, ValueId x) {
  Shape shape = g.shape(x);
  while (shape.rank() > 0 && g.chance(0.5)) shape = Shape(shape.dims().subspan(1));
  return g.add(g.chance(0.5) ? "Add" : "Mul", {x, g.weights(shape)});
}

ValueId project(Builder& g, ValueId x) {
  if (g.shape(x).rank() < 2) return ValueId::None;
  const int64_t inner = g.shape(x)[g.shape(x).rank() - 1];
  const ValueId product = g.add("MatMul", {x, g.weights({inner, 1 + static_cast<int64_t>(g.draw(4))})});
  return g.chance(0.5) || product == ValueId::None ? product : broadcast_weights(g, product);
}

ValueId attention(Builder& g, ValueId x) {
  const size_t rank = g.shape(x).rank();
  if (rank < 3) return ValueId::None;
  std::vector<int64_t> perm;
  for (size_t i = 0; i < rank; ++i) perm.push_back(static_cast<int64_t>(i));
  std::swap(perm[rank - 1], perm[rank - 2]);
  const ValueId k = g.chance(0.5) ? g.add("Tanh", {x}) : x;
  const ValueId scores = g.add("MatMul", {x, g.add("Transpose", {k}, {{"perm", perm}})});
  const ValueId scaled = g.chance(0.5) ? g.add("Div", {scores, about(g, 2)}) : g.add("Mul", {scores, about(g, 0.5)});
  const ValueId weights = g.add("Softmax", {scaled}, {{"axis", g.chance(0.9) ? int64_t{-1} : int64_t{1}}});
  return g.add("MatMul", {weights, k});
}

ValueId casts(Builder& g, ValueId x) {
  constexpr std::array<int64_t, 4> kTypes{kFloat, kFloat, kDouble, kInt64};
  const ValueId once = g.add("Cast", {x}, {{"to", kTypes[g.draw(4)]}});
  return g.chance(0.3) || once == ValueId::None ? once : g.add("Cast", {once}, {{"to", kFloat}});
}

ValueId slices(Builder& g, ValueId x) {
  const int64_t axis = static_cast<int64_t>(g.draw(g.shape(x).rank() + 1)) - 1;
  const int64_t begin = g.chance(0.6) ? 0 : static_cast<int64_t>(g.draw(3)) - 1;
  const int64_t end = g.chance(0.5) ? INT64_MAX : static_cast<int64_t>(g.draw(5)) - 1;
  return g.add("Slice", {x, g.integers({begin}), g.integers({end}), g.integers({axis}),
                         g.integers({g.chance(0.2) ? int64_t{2} : int64_t{1}})});
}

ValueId idle(Builder& g, ValueId x) {
  if (g.chance(0.3)) return g.add("Concat", {x}, {{"axis", int64_t{0}}});
  if (g.chance(0.3)) return g.add("Pad", {x, g.integers(std::vector<int64_t>(2 * g.shape(x).rank(), 0))});
  if (g.chance(0.3)) return g.add("Not", {g.add("Not", {g.pick(DType::Bool)})});
  return g.add(g.chance(0.5) ? "Identity" : "Dropout", {x});
}

ValueId rank_changes(Builder& g, ValueId x) {
  const std::vector<int64_t> axes{static_cast<int64_t>(g.draw(g.shape(x).rank() + 1))};
  const bool by_input = g.opset() >= 13;
  const ValueId up = by_input ? g.add("Unsqueeze", {x, g.integers(axes)}) : g.add("Unsqueeze", {x}, {{"axes", axes}});
  if (g.chance(0.5)) return up;
  return by_input ? g.add("Squeeze", {up, g.integers(axes)}) : g.add("Squeeze", {up}, {{"axes", axes}});
}

ValueId masked(Builder& g, ValueId x) {
  const ValueId condition = g.chance(0.5) ? g.pick(DType::Bool) : g.add("Greater", {x, g.number(0.25)});
  return g.add("Where", {condition, x, g.number(-5)});
}

ValueId halves(Builder& g, ValueId x) {
  const auto& dims = g.graph().value(x).type.dims;
  if (!dims || dims->empty() || dims->back().constant().value_or(0) % 2 != 0) return ValueId::None;
  const int64_t axis = last_axis(g, x);
  Attributes attributes{{"axis", axis}};
  if (g.opset() >= 18) attributes["num_outputs"] = int64_t{2};
  const ValueId first = g.add("Split", {x}, std::move(attributes), 2);
  if (first == ValueId::None) return first;
  const ValueId second = g.graph().node(g.graph().value(first).producer).outputs[1];
  return g.add("Concat", {g.chance(0.5) ? g.add("Neg", {second}) : first, g.chance(0.5) ? first : second},
               {{"axis", axis}});
}

ValueId choice(Builder& g, ValueId x) {
  return g.add_if(x);
}

constexpr std::array kMotifs{gelu,
                             gelu_tanh,
                             swish,
                             layer_norm,
                             rms_norm,
                             softmax,
                             transposes,
                             flatten_by_shape,
                             reshape_there_and_back,
                             unit_arithmetic,
                             broadcast_weights,
                             project,
                             attention,
                             casts,
                             slices,
                             idle,
                             rank_changes,
                             masked,
                             halves,
                             choice,
                             image_layers};

}  // namespace

const SymbolValues& first_dims() {
  static const SymbolValues kDims{{"b", 2}, {"s", 4}};
  return kDims;
}

const SymbolValues& other_dims() {
  static const SymbolValues kDims{{"b", 1}, {"s", 5}};
  return kDims;
}

GraphModel random_model(uint32_t seed) {
  Builder g(seed);
  const size_t steps = 3 + g.draw(10);
  for (size_t added = 0, tries = 0; added < steps && tries < 200; ++tries) {
    ValueId result = ValueId::None;
    if (g.chance(0.5)) {
      result = g.add_any();
    } else if (const ValueId x = g.pick(DType::F32); x != ValueId::None) {
      result = kMotifs[g.draw(kMotifs.size())](g, x);
    }
    if (result != ValueId::None) ++added;
  }
  g.finish();
  return g.take();
}

}  // namespace mica
