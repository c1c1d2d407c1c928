// Quotients and remainders of dims.
#include <algorithm>
#include <utility>

#include "graph/polynomial.h"

namespace mica {
namespace {

void refuse_zero(const Dim& a, const Dim& b) {
  if (b.is(0)) refuse(a, "/", b, "a dim is divided by zero");
}

bool non_negative(const Dim& dim) {
  return dim.lower_bound().value_or(-1) >= 0;
}

// -a, where that does not overflow.
std::optional<Dim> negated(const Dim& a) {
  auto result = add({}, to_polynomial(a), -1);
  return result ? std::optional(make_dim(std::move(*result))) : std::nullopt;
}

// -1 - a  (the bitwise complement), where that does not overflow.
std::optional<Dim> complement(const Dim& a) {
  auto result = add({{{-1, {}}}}, to_polynomial(a), -1);
  return result ? std::optional(make_dim(std::move(*result))) : std::nullopt;
}

// Divides both by the atoms that are in each of their terms. `a` is not 0.
void cancel_atoms(Polynomial& a, Polynomial& b) {
  const Monomial candidates = b.terms.front().monomial;
  for (const AtomPtr& atom : candidates) {
    const auto has_atom = [&](const Term& term) {
      return std::ranges::any_of(term.monomial, [&](const AtomPtr& other) { return std::is_eq(compare(atom, other)); });
    };
    if (!std::ranges::all_of(a.terms, has_atom) || !std::ranges::all_of(b.terms, has_atom)) continue;
    remove_factor(a, atom);
    remove_factor(b, atom);
  }
}

// floor(a / b) with what divides both taken out.  floor((g*x + c) / (g*y)) = floor((x + floor(c/g)) / y)  for y > 0
std::pair<Dim, Dim> cancel_for_floor(const Dim& a, const Dim& b, bool positive) {
  Polynomial dividend = to_polynomial(a);
  Polynomial divisor = to_polynomial(b);
  const int64_t common = content(dividend, content(divisor, 0, true), !positive);
  const int64_t constant = *checked_floor_div(dividend.constant(), common);
  if (dividend.constant() != 0) dividend.terms.pop_back();
  divide_coefficients(dividend, common);
  if (constant != 0) dividend.terms.push_back({constant, {}});
  divide_coefficients(divisor, common);
  if (!dividend.terms.empty()) cancel_atoms(dividend, divisor);
  return {make_dim(std::move(dividend)), make_dim(std::move(divisor))};
}

// floor((floor(x/y) + r) / b) = floor((x + r*y) / (b*y))  for b > 0, and so where floor(x/y) is subtracted, because
// floor(a/b) = -1 - floor((-1 - a)/b).  nullopt where `a` has no such form.
std::optional<Dim> merge_nested(const Dim& a, const Dim& b) {
  for (const Term& term : to_polynomial(a).terms) {
    if ((term.coefficient != 1 && term.coefficient != -1) || term.monomial.size() != 1) continue;
    const Atom& inner = *term.monomial[0];
    if (inner.kind != Atom::Kind::FloorDiv) continue;
    const bool added = term.coefficient == 1;
    const auto outer = added ? a : complement(a);
    const Polynomial y = to_polynomial(inner.operands[1]);
    const auto rest = outer ? add(to_polynomial(*outer), {{{1, term.monomial}}}, -1) : std::nullopt;
    const auto scaled = rest ? multiply(*rest, y) : std::nullopt;
    auto dividend = scaled ? add(*scaled, to_polynomial(inner.operands[0])) : std::nullopt;
    auto divisor = multiply(to_polynomial(b), y);
    if (!dividend || !divisor) continue;
    const Dim merged = floor_div(make_dim(std::move(*dividend)), make_dim(std::move(*divisor)));
    return added ? merged : Dim(-1) - merged;
  }
  return std::nullopt;
}

// The quotient where it is the same number for all values of the symbols. b > 0.
std::optional<Dim> constant_quotient(const Dim& a, const Dim& b) {
  const auto [lower, upper] = bounds(to_polynomial(a));
  if (const auto number = b.constant()) {
    if (!lower || !upper) return std::nullopt;
    const auto quotient = checked_floor_div(*lower, *number);
    return quotient == checked_floor_div(*upper, *number) ? std::optional<Dim>(*quotient) : std::nullopt;
  }
  const auto room = add(to_polynomial(b), to_polynomial(a), -1);  // 0 <= a < b
  const bool zero = lower && *lower >= 0 && room && lower_bound(*room).value_or(0) > 0;
  return zero ? std::optional<Dim>(0) : std::nullopt;
}

}  // namespace

Dim floor_div(const Dim& a, const Dim& b) {
  refuse_zero(a, b);
  if (a.is(0)) return a;
  if (a.is_constant() && b.is_constant()) {
    const auto quotient = checked_floor_div(a.value(), b.value());
    if (!quotient) refuse(a, "/", b);
    return *quotient;
  }
  if (to_polynomial(b).leads_negative()) {
    const auto dividend = negated(a);
    const auto divisor = negated(b);
    if (!dividend || !divisor) refuse(a, "/", b);
    return floor_div(*dividend, *divisor);
  }
  const bool positive = non_negative(b);  // where it is 0 the quotient has no meaning
  if (positive && to_polynomial(a).leads_negative()) {
    if (const auto flipped = complement(a)) return Dim(-1) - floor_div(*flipped, b);
  }
  const auto [dividend, divisor] = cancel_for_floor(a, b, positive);
  if (dividend.is(0) || divisor.is(1)) return dividend;
  auto whole = divide(to_polynomial(dividend), to_polynomial(divisor));
  if (whole && !whole->quotient.terms.empty()) {
    const Dim rest = make_dim(std::move(whole->remainder));
    return make_dim(std::move(whole->quotient)) + floor_div(rest, divisor);
  }
  if (dividend.is_constant() && divisor.is_constant()) return floor_div(dividend, divisor);
  if (non_negative(divisor)) {
    if (auto quotient = constant_quotient(dividend, divisor)) return *quotient;
    if (auto merged = merge_nested(dividend, divisor)) return *merged;
  }
  return make_function(Atom::Kind::FloorDiv, {dividend, divisor});
}

Dim ceil_div(const Dim& a, const Dim& b) {
  return -floor_div(-a, b);
}

Dim truncate_div(const Dim& a, const Dim& b) {
  refuse_zero(a, b);
  if (auto exact = exact_div(a, b)) return *exact;
  if (a.is_constant() && b.is_constant()) {
    const auto quotient = checked_truncate_div(a.value(), b.value());
    if (!quotient) refuse(a, "/", b);
    return *quotient;
  }
  const auto minus_a = negated(a);
  const auto minus_b = negated(b);
  if (!minus_a || !minus_b) refuse(a, "/", b);
  if (to_polynomial(b).leads_negative()) return -truncate_div(a, *minus_b);
  if (to_polynomial(a).leads_negative()) return -truncate_div(*minus_a, b);
  if (non_negative(b) && non_negative(a)) return floor_div(a, b);
  if (non_negative(b) && non_negative(*minus_a)) return -floor_div(*minus_a, b);
  Polynomial dividend = to_polynomial(a);
  Polynomial divisor = to_polynomial(b);
  const int64_t common = content(dividend, content(divisor, 0, true), true);
  divide_coefficients(dividend, common);
  divide_coefficients(divisor, common);
  cancel_atoms(dividend, divisor);
  return make_function(Atom::Kind::TruncateDiv, {make_dim(std::move(dividend)), make_dim(std::move(divisor))});
}

Dim modulo(const Dim& a, const Dim& b) {
  return a - b * floor_div(a, b);
}

std::optional<Dim> exact_div(const Dim& a, const Dim& b) {
  if (b.is(0)) return std::nullopt;
  auto division = divide(to_polynomial(a), to_polynomial(b));
  if (!division || !division->remainder.terms.empty()) return std::nullopt;
  return make_dim(std::move(division->quotient));
}

}  // namespace mica
