#include "graph/rules/norm.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "graph/facts.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

// Whether the tensor has just the dims of x from the axis on.
bool is_tail(const Dims* dims, const Dims& x, size_t axis) {
  return dims != nullptr && dims->size() == x.size() - axis && std::equal(dims->begin(), dims->end(), x.begin() + axis);
}

// Of a match with Casts of x before and after: whether it is computed as float and ends in the type of x.
bool computed_as_float(const Rewriter& g, const Match& m) {
  if (!m.has("widened")) return true;
  const DType wide = g.type(g.node("widened").outputs[0]).dtype;
  return wide == DType::F32 && g.type(g.node("narrowed").outputs[0]).dtype == g.type(m["x"]).dtype;
}

std::vector<Pattern> with_casts(Pattern (*normalised)(Pattern x)) {
  const Pattern x = any("x");
  return {normalised(x), op("Cast", {normalised(op("Cast", {x}).as("widened"))}).as("narrowed")};
}

// Ones of the dims; None, with a refusal, when these are not known.
ValueId ones(Rewriter& g, std::span<const Dim> dims, DType dtype) {
  const auto shape = to_shape(Dims(dims.begin(), dims.end()));
  ValueId result = ValueId::None;
  if (shape && shape->elements() <= (int64_t{1} << 20)) {
    visit_dtype<float, double, Half, BFloat16>(dtype, [&]<class T>() {
      Tensor tensor(dtype, *shape);
      std::fill_n(tensor.mutable_data<T>(), tensor.elements(), static_cast<T>(1.0f));
      result = g.add_constant(std::move(tensor));
    });
  }
  return result == ValueId::None ? g.refuse("there is no scale, and its dims are not known") : result;
}

// The inputs x and scale, and the axis counted from the back; nullopt after a refusal.
struct Norm {
  std::vector<ValueId> inputs;
  int64_t axis;
};
std::optional<Norm> norm(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  const auto axis = reduced_tail(graph, g.node("mean"));
  const auto refused = [&g](const char* why) {
    g.refuse(why);
    return std::nullopt;
  };
  if (!axis) return refused("the mean is not over the last axes");
  if (!computed_as_float(g, m)) return refused("it is not computed as float");
  const Dims dims = *dims_of(graph, m["x"]);
  const size_t first = static_cast<size_t>(*axis);
  if (m.has("scale") && !is_tail(dims_of(graph, m["scale"]), dims, first)) return refused("the scale has other dims");
  if (m.has("bias") && !is_tail(dims_of(graph, m["bias"]), dims, first)) return refused("the bias has other dims");
  const ValueId scale = m.has("scale") ? m["scale"] : ones(g, std::span(dims).subspan(first), g.type(m["x"]).dtype);
  if (scale == ValueId::None) return std::nullopt;
  return Norm{{m["x"], scale}, *axis - static_cast<int64_t>(dims.size())};
}

}  // namespace

std::vector<Pattern> layer_normalised() {
  return with_casts([](Pattern x) {
    const Pattern d = x - op("ReduceMean", {x}).with_more_inputs().as("mean");
    const Pattern variance = op("ReduceMean", {square(d)}).with_more_inputs().as("variance");
    return d / sqrt(variance + scalar("epsilon"));
  });
}

std::vector<Pattern> rms_normalised() {
  return with_casts([](Pattern x) {
    const Pattern mean = op("ReduceMean", {square(x)}).with_more_inputs().as("mean");
    return x / sqrt(mean + scalar("epsilon"));
  });
}

ValueId fuse_layer_norm(Rewriter& g, const Match& m) {
  const Graph& graph = g.graph();
  if (reduced_tail(graph, g.node("mean")) != reduced_tail(graph, g.node("variance"))) {
    return g.refuse("the means are not over the same axes");
  }
  auto found = norm(g, m);
  if (!found) return ValueId::None;
  if (m.has("bias")) found->inputs.push_back(m["bias"]);
  const auto epsilon = static_cast<float>(g.number("epsilon"));
  return g.add("LayerNormalization", 17, found->inputs, {{"axis", found->axis}, {"epsilon", epsilon}});
}

ValueId fuse_rms_norm(Rewriter& g, const Match& m) {
  const auto found = norm(g, m);
  if (!found) return ValueId::None;
  const auto epsilon = static_cast<float>(g.number("epsilon"));
  return g.add("RMSNormalization", 23, found->inputs, {{"axis", found->axis}, {"epsilon", epsilon}});
}

}  // namespace mica
