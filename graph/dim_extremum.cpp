// Minima and maxima of dims.
#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "graph/polynomial.h"

namespace mica {
namespace {

using Kind = Atom::Kind;

Kind opposite(Kind kind) {
  return kind == Kind::Max ? Kind::Min : Kind::Max;
}

// a <= b for all values of the symbols.
bool at_most(const Dim& a, const Dim& b) {
  if (a.is(std::numeric_limits<int64_t>::min()) || b.is(std::numeric_limits<int64_t>::max())) return true;
  const auto difference = add(to_polynomial(b), to_polynomial(a), -1);
  return difference && lower_bound(*difference).value_or(-1) >= 0;
}

// The alternatives of a dim that is an extremum plus a rest:
// max(x, y) + rest = max(x + rest, y + rest)   and   rest - min(x, y) = max(rest - x, rest - y).
std::vector<Dim> alternatives(Kind kind, const Dim& dim) {
  if (dim.is_constant()) return {dim};
  for (const Term& term : dim.expression()->terms) {
    if (term.monomial.size() != 1) continue;
    const Atom& atom = *term.monomial[0];
    const bool same = atom.kind == kind && term.coefficient == 1;
    if (!same && !(atom.kind == opposite(kind) && term.coefficient == -1)) continue;
    const auto rest = add(*dim.expression(), {{term}}, -1);
    std::vector<Dim> result;
    for (const Dim& operand : atom.operands) {
      auto sum = rest ? add(*rest, to_polynomial(operand), term.coefficient) : std::nullopt;
      if (!sum) return {dim};
      result.push_back(make_dim(std::move(*sum)));
    }
    return result;
  }
  return {dim};
}

// Adds `candidate` unless one of `kept` is always the answer before it, and drops those that it makes redundant.
void insert(Kind kind, std::vector<Dim>& kept, const Dim& candidate) {
  const auto loses = [kind](const Dim& a, const Dim& b) { return kind == Kind::Max ? at_most(a, b) : at_most(b, a); };
  if (std::ranges::any_of(kept, [&](const Dim& dim) { return loses(candidate, dim); })) return;
  std::erase_if(kept, [&](const Dim& dim) { return loses(dim, candidate); });
  kept.push_back(candidate);
}

// What to subtract from all operands so that each monomial, 1 included, has no negative coefficient and is absent
// from at least one of them.
std::optional<Polynomial> common_part(const std::vector<Dim>& operands) {
  std::optional<Polynomial> common = to_polynomial(operands[0]);
  for (size_t i = 1; common && i < operands.size(); ++i) {
    const auto excess = add(*common, to_polynomial(operands[i]), -1);
    if (!excess) return std::nullopt;
    Polynomial positive;
    std::ranges::copy_if(excess->terms, std::back_inserter(positive.terms),
                         [](const Term& t) { return t.coefficient > 0; });
    common = add(*common, positive, -1);
  }
  return common;
}

// Subtracts their common part from the operands and returns it; where that overflows, leaves them and returns 0.
Polynomial take_common_part(std::vector<Dim>& operands) {
  auto common = common_part(operands);
  if (!common) return {};
  std::vector<Dim> rests;
  for (const Dim& operand : operands) {
    auto rest = add(to_polynomial(operand), *common, -1);
    if (!rest) return {};
    rests.push_back(make_dim(std::move(*rest)));
  }
  operands = std::move(rests);
  return std::move(*common);
}

Dim extremum(Kind kind, const Dim& a, const Dim& b) {
  if (a.is_constant() && b.is_constant()) {
    return kind == Kind::Max ? std::max(a.value(), b.value()) : std::min(a.value(), b.value());
  }
  std::vector<Dim> operands = alternatives(kind, a);
  for (const Dim& dim : alternatives(kind, b)) insert(kind, operands, dim);
  if (operands.size() == 1) return operands[0];

  const Dim common = make_dim(take_common_part(operands));
  int64_t scale = 0;
  for (const Dim& operand : operands) scale = content(to_polynomial(operand), scale, true);
  for (Dim& operand : operands) operand = *exact_div(operand, scale);
  std::ranges::sort(operands, [](const Dim& x, const Dim& y) { return std::is_lt(compare(x, y)); });
  return common + Dim(scale) * make_function(kind, std::move(operands));
}

}  // namespace

Dim min(const Dim& a, const Dim& b) {
  return extremum(Kind::Min, a, b);
}

Dim max(const Dim& a, const Dim& b) {
  return extremum(Kind::Max, a, b);
}

}  // namespace mica
