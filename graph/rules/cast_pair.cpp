// Cast(Cast(x, wider type), type)   =>   Cast(x, type), or x     where the wider type has all values of x's
#include <array>
#include <utility>

#include "graph/rule.h"

namespace mica {

static bool holds_all(DType wide, DType narrow) {
  static constexpr std::array<std::pair<DType, DTypeSet>, 6> kWider{{
      {DType::F16, {DType::F32, DType::F64}},
      {DType::BF16, {DType::F32, DType::F64}},
      {DType::F32, {DType::F64}},
      {DType::I32, {DType::I64, DType::F64}},
      {DType::U8, {DType::I16, DType::I32, DType::I64, DType::F32, DType::F64}},
      {DType::I8, {DType::I16, DType::I32, DType::I64, DType::F32, DType::F64}},
  }};
  for (const auto& [from, to] : kWider) {
    if (from == narrow) return to.contains(wide);
  }
  return narrow == DType::Bool && types::numeric.contains(wide);
}

MICA_RULE(cast_pair, Canonical) {
  return {op("Cast", {op("Cast", {any("x")}).as("inner")}),
          [](Rewriter& g, const Match& m) {
            const DType narrow = g.type(m["x"]).dtype;
            const DType wide = g.type(g.node("inner").outputs[0]).dtype;
            const DType last = g.type(g.replaced()).dtype;
            if (wide == narrow || last == DType::String || !holds_all(wide, narrow)) return ValueId::None;
            if (last == narrow) return m["x"];
            return g.again(g.root(), {m["x"]}, g.root().attributes);
          },
          true};
}

}  // namespace mica
