// Bounds of expressions over symbols >= 0: of each term on its own, and after functions gave way to what bounds them.
#include <algorithm>
#include <limits>
#include <utility>

#include "graph/polynomial.h"

namespace mica {
namespace {

using Number = std::optional<int64_t>;

Number times(Number a, Number b) {
  int64_t product = 0;
  return a && b && !__builtin_mul_overflow(*a, *b, &product) ? Number(product) : std::nullopt;
}

Number plus(Number a, Number b) {
  int64_t sum = 0;
  return a && b && !__builtin_add_overflow(*a, *b, &sum) ? Number(sum) : std::nullopt;
}

// The larger one known.
Number tighter(Number a, Number b) {
  return a && b ? std::max(a, b) : (a ? a : b);
}

Bounds bounds(const Dim& dim) {
  return dim.is_constant() ? Bounds{dim.value(), dim.value()} : bounds(*dim.expression());
}

Bounds bounds(const Monomial& monomial) {
  if (monomial.size() == 1) return monomial[0]->bounds;
  Bounds product{1, 1};
  for (const AtomPtr& atom : monomial) {
    if (!atom->bounds.non_negative()) return {};
    product = {times(product.lower, atom->bounds.lower), times(product.upper, atom->bounds.upper)};
  }
  if (!product.lower) product.lower = 0;  // it overflowed
  return product;
}

class LowerBound {
 public:
  Number of(const Polynomial& p) {
    Number best = 0;
    for (const auto& [coefficient, monomial] : p.terms) {
      const Bounds known = bounds(monomial);
      best = plus(best, times(coefficient, coefficient > 0 ? known.lower : known.upper));
    }
    for (size_t term = 0; term < p.terms.size(); ++term) {
      for (const AtomPtr& atom : p.terms[term].monomial) {
        if (atom->kind == Atom::Kind::Symbol || atom->kind == Atom::Kind::TruncateDiv) continue;
        if (steps_-- <= 0) return best;
        best = tighter(best, relaxed(p, term, atom));
      }
    }
    return best;
  }

 private:
  // A bound of p from replacing one factor of one term by bounds of that factor.
  Number relaxed(const Polynomial& p, size_t index, const AtomPtr& atom) {
    Polynomial others = p;
    others.terms.erase(others.terms.begin() + static_cast<std::ptrdiff_t>(index));
    Polynomial factor{{p.terms[index]}};
    remove_factor(factor, atom);
    const Monomial& rest = factor.terms[0].monomial;
    if (!std::ranges::all_of(rest, [](const AtomPtr& other) { return other->bounds.non_negative(); })) return {};
    return atom->kind == Atom::Kind::FloorDiv ? with_quotient(others, factor, *atom)
                                              : with_operand(others, factor, *atom);
  }

  Number with(const Polynomial& others, const Polynomial& factor, const Polynomial& replacement, int64_t scale = 1) {
    const auto part = multiply(factor, replacement);
    const auto sum = part ? add(*part, others, scale) : std::nullopt;
    return sum ? of(*sum) : std::nullopt;
  }

  // n - b + 1 <= b * floor(n / b) <= n  for b > 0
  Number with_quotient(const Polynomial& others, const Polynomial& factor, const Atom& atom) {
    const Polynomial divisor = to_polynomial(atom.operands[1]);
    auto bound = std::optional(to_polynomial(atom.operands[0]));
    if (factor.terms[0].coefficient > 0) {
      bound = add(*bound, divisor, -1);
      if (bound) bound = add(*bound, {{{1, {}}}});
    }
    if (!bound) return {};
    if (const Number b = atom.operands[1].constant()) {
      const Number scaled = with(others, factor, *bound, *b);
      return scaled ? Number(-*checked_floor_div(-std::max(*scaled, -kMax), *b)) : std::nullopt;
    }
    if (lower_bound(divisor).value_or(-1) < 0) return {};
    const auto exact = divide(factor, divisor);
    return exact && exact->remainder.terms.empty() ? with(others, exact->quotient, *bound) : std::nullopt;
  }

  // min <= each operand <= max, and one of them is it; a broadcast is one of its operands
  Number with_operand(const Polynomial& others, const Polynomial& factor, const Atom& atom) {
    const bool any =
        atom.kind != Atom::Kind::Broadcast && (atom.kind == Atom::Kind::Max) == (factor.terms[0].coefficient > 0);
    Number best = any ? std::nullopt : Number(kMax);
    for (const Dim& operand : atom.operands) {
      const Number bound = with(others, factor, to_polynomial(operand));
      if (!any && !bound) return {};
      best = any ? tighter(best, bound) : std::min(best, bound);
    }
    return best;
  }

  static constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  int steps_ = 16;  // left
};

Number negated(Number value) {
  return times(value, -1);
}

// Canonical divisors that are constant are positive, and one that is never negative is >= 1 where it matters.
Bounds quotient_bounds(Atom::Kind kind, const Bounds& dividend, const Dim& divisor) {
  const bool floor = kind == Atom::Kind::FloorDiv;
  const auto [lower, upper] = dividend;
  if (const Number b = divisor.constant()) {
    const auto divide = floor ? checked_floor_div : checked_truncate_div;
    return {lower ? divide(*lower, *b) : lower, upper ? divide(*upper, *b) : upper};
  }
  if (lower_bound(to_polynomial(divisor)).value_or(-1) < 0) return {};
  return {lower ? Number(std::min<int64_t>(*lower, 0)) : lower,
          upper ? Number(std::max<int64_t>(*upper, floor ? -1 : 0)) : upper};
}

// Bounds of the larger of two.
Bounds max_bounds(const Bounds& a, const Bounds& b) {
  return {tighter(a.lower, b.lower), a.upper && b.upper ? std::max(a.upper, b.upper) : std::nullopt};
}

Bounds negated(const Bounds& range) {
  return {negated(range.upper), negated(range.lower)};
}

}  // namespace

std::optional<int64_t> lower_bound(const Polynomial& p) {
  return LowerBound().of(p);
}

Bounds bounds(const Polynomial& p) {
  const auto negative = add({}, p, -1);
  return {lower_bound(p), negative ? negated(lower_bound(*negative)) : std::nullopt};
}

Bounds bounds(Atom::Kind kind, const std::vector<Dim>& operands) {
  Bounds result = bounds(operands[0]);
  if (kind == Atom::Kind::FloorDiv || kind == Atom::Kind::TruncateDiv) {
    return quotient_bounds(kind, result, operands[1]);
  }
  for (size_t i = 1; i < operands.size(); ++i) {
    const Bounds next = bounds(operands[i]);
    const Bounds larger = max_bounds(result, next), smaller = negated(max_bounds(negated(result), negated(next)));
    if (kind == Atom::Kind::Broadcast) {
      result = {smaller.lower, larger.upper};
    } else {
      result = kind == Atom::Kind::Max ? larger : smaller;
    }
  }
  return result;
}

}  // namespace mica
