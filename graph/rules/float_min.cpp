// Cast(Min(Cast(n, float), c), int)   =>   Min(n, c)     for lengths n >= 0
// The least of a float and an integer c up to 2^24 is exact, however large n is.
#include <cmath>
#include <optional>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {
namespace {

// The constant as integers of 64 bits, of the same dims; nullopt where an element is no small integer.
std::optional<Tensor> small_integers(const Tensor& floats) {
  if (floats.dtype() != DType::F32) return std::nullopt;
  Tensor result(DType::I64, floats.shape());
  for (int64_t i = 0; i < floats.elements(); ++i) {
    const float element = floats.data<float>()[i];
    if (!(std::abs(element) <= 0x1p24f) || element != std::floor(element)) return std::nullopt;
    result.mutable_data<int64_t>()[i] = static_cast<int64_t>(element);
  }
  return result;
}

}  // namespace

MICA_RULE(float_min, Canonical) {
  const Pattern n = op("Cast", {any("n")}).as("widened");
  const Pattern c = constant("c");
  return {op("Cast", {one_of({op("Min", {n, c}), op("Min", {c, n})})}), [](Rewriter& g, const Match& m) {
            const auto& lengths = g.graph().value(m["n"]).contents;
            if (g.type(m["n"]).dtype != DType::I64 || g.type(g.replaced()).dtype != DType::I64) return ValueId::None;
            if (g.type(g.node("widened").outputs[0]).dtype != DType::F32 || !lengths) return ValueId::None;
            for (const Dim& length : *lengths) {
              if (length.lower_bound().value_or(-1) < 0) return g.refuse("a length may be negative");
            }
            auto bounds = small_integers(g.constant("c"));
            if (!bounds) return g.refuse("the bound is no small integer");
            return g.add("Min", 12, {m["n"], g.add_constant(std::move(*bounds))});
          }};
}

}  // namespace mica
