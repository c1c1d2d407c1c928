#include "graph/polynomial.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "runtime/base/error.h"

namespace mica {
namespace {

bool before(const AtomPtr& a, const AtomPtr& b) {
  return std::is_lt(compare(a, b));
}

size_t size(const Polynomial& p) {
  size_t total = p.terms.size();
  for (const Term& term : p.terms) {
    for (const AtomPtr& atom : term.monomial) total += atom->size;
  }
  return total;
}

std::optional<Polynomial> within_limits(Polynomial p) {
  if (p.terms.size() > dim_limits::kTerms || size(p) > dim_limits::kSize) return std::nullopt;
  return p;
}

Monomial multiply(const Monomial& a, const Monomial& b) {
  Monomial product;
  product.reserve(a.size() + b.size());
  std::ranges::merge(a, b, std::back_inserter(product), before);
  return product;
}

std::optional<Polynomial> multiply(const Polynomial& p, const Term& by) {
  Polynomial product = p;
  for (Term& term : product.terms) {
    if (__builtin_mul_overflow(term.coefficient, by.coefficient, &term.coefficient)) return std::nullopt;
    term.monomial = multiply(term.monomial, by.monomial);
  }
  return within_limits(std::move(product));
}

// The whole number nearest to a / b; the lower one of two.
std::optional<int64_t> nearest_quotient(int64_t a, int64_t b) {
  const auto quotient = checked_floor_div(a, b);
  if (!quotient) return std::nullopt;
  const int64_t rest = a - *quotient * b;  // between 0 and b
  const bool past_half = b > 0 ? rest > b - rest : rest < b - rest;
  return *quotient + (past_half ? 1 : 0);
}

// What times `b` reduces `a`, with the coefficient 0 where nothing does.
std::optional<Term> quotient(const Term& a, const Term& b) {
  if (!std::ranges::includes(a.monomial, b.monomial, before)) return Term{0, {}};
  const auto coefficient = a.monomial.empty() ? checked_floor_div(a.coefficient, b.coefficient)
                                              : nearest_quotient(a.coefficient, b.coefficient);
  if (!coefficient) return std::nullopt;
  Term result{*coefficient, {}};
  std::ranges::set_difference(a.monomial, b.monomial, std::back_inserter(result.monomial), before);
  return result;
}

}  // namespace

std::strong_ordering compare(const AtomPtr& a, const AtomPtr& b) {
  if (a == b) return std::strong_ordering::equal;
  if (const auto order = a->kind <=> b->kind; std::is_neq(order)) return order;
  if (const auto order = a->name <=> b->name; std::is_neq(order)) return order;
  return std::lexicographical_compare_three_way(a->operands.begin(), a->operands.end(), b->operands.begin(),
                                                b->operands.end(),
                                                [](const Dim& x, const Dim& y) { return compare(x, y); });
}

std::strong_ordering compare(const Monomial& a, const Monomial& b) {
  if (const auto order = b.size() <=> a.size(); std::is_neq(order)) return order;
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end(),
                                                [](const AtomPtr& x, const AtomPtr& y) { return compare(x, y); });
}

std::strong_ordering compare(const Polynomial& a, const Polynomial& b) {
  return std::lexicographical_compare_three_way(a.terms.begin(), a.terms.end(), b.terms.begin(), b.terms.end(),
                                                [](const Term& x, const Term& y) {
                                                  const auto order = compare(x.monomial, y.monomial);
                                                  return std::is_neq(order) ? order : x.coefficient <=> y.coefficient;
                                                });
}

std::strong_ordering compare(const Dim& a, const Dim& b) {
  if (a.is_constant() != b.is_constant()) return a.is_constant() <=> b.is_constant();
  if (a.is_constant()) return a.value() <=> b.value();
  if (a.expression() == b.expression()) return std::strong_ordering::equal;
  return compare(*a.expression(), *b.expression());
}

std::optional<Polynomial> add(const Polynomial& a, const Polynomial& b, int64_t scale) {
  Polynomial sum;
  sum.terms.reserve(a.terms.size() + b.terms.size());
  auto x = a.terms.begin();
  auto y = b.terms.begin();
  while (x != a.terms.end() || y != b.terms.end()) {
    const auto order = x == a.terms.end()   ? std::strong_ordering::greater
                       : y == b.terms.end() ? std::strong_ordering::less
                                            : compare(x->monomial, y->monomial);
    __int128 exact = 0;
    if (std::is_lteq(order)) exact += x->coefficient;
    if (std::is_gteq(order)) exact += static_cast<__int128>(y->coefficient) * scale;
    const auto coefficient = static_cast<int64_t>(exact);
    if (coefficient != exact) return std::nullopt;
    if (coefficient != 0) sum.terms.push_back({coefficient, std::is_lteq(order) ? x->monomial : y->monomial});
    if (std::is_lteq(order)) ++x;
    if (std::is_gteq(order)) ++y;
  }
  return within_limits(std::move(sum));
}

std::optional<Polynomial> multiply(const Polynomial& a, const Polynomial& b) {
  std::optional<Polynomial> sum = Polynomial{};
  for (const Term& term : a.terms) {
    const auto part = multiply(b, term);
    sum = part ? add(*sum, *part) : std::nullopt;
    if (!sum) return std::nullopt;
  }
  return sum;
}

std::optional<Division> divide(const Polynomial& a, const Polynomial& b) {
  Division result;
  Polynomial rest = a;
  for (size_t steps = 0; !rest.terms.empty(); ++steps) {
    if (steps > 4 * dim_limits::kTerms) return std::nullopt;
    auto by = quotient(rest.terms.front(), b.terms.front());
    if (!by) return std::nullopt;
    if (by->coefficient == 0) {
      result.remainder.terms.push_back(std::move(rest.terms.front()));
      rest.terms.erase(rest.terms.begin());
      continue;
    }
    const auto part = multiply(b, *by);
    auto difference = part ? add(rest, *part, -1) : std::nullopt;
    if (!difference) return std::nullopt;
    rest = std::move(*difference);
    result.quotient.terms.push_back(std::move(*by));
  }
  return result;
}

void divide_coefficients(Polynomial& p, int64_t divisor) {
  for (Term& term : p.terms) term.coefficient /= divisor;
}

void remove_factor(Polynomial& p, const AtomPtr& factor) {
  for (Term& term : p.terms) {
    term.monomial.erase(std::ranges::lower_bound(term.monomial, factor, before));
  }
}

int64_t content(const Polynomial& p, int64_t start, bool constant_too) {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  uint64_t divisor = static_cast<uint64_t>(start);
  for (const auto& [coefficient, monomial] : p.terms) {
    if (monomial.empty() && !constant_too) continue;
    const auto bits = static_cast<uint64_t>(coefficient);
    divisor = std::gcd(divisor, coefficient < 0 ? 0 - bits : bits);
  }
  return divisor > kMax ? 1 : static_cast<int64_t>(divisor);
}

Dim make_function(Atom::Kind kind, std::vector<Dim> operands) {
  size_t total = 1;
  size_t depth = 0;
  for (const Dim& operand : operands) {
    if (operand.is_constant()) continue;
    total += size(*operand.expression());
    for (const Term& term : operand.expression()->terms) {
      for (const AtomPtr& atom : term.monomial) depth = std::max(depth, atom->depth);
    }
  }
  if (total > dim_limits::kSize || depth >= dim_limits::kDepth || operands.size() > dim_limits::kOperands) {
    refuse(operands.front(), "and", operands.back());
  }
  const Bounds known = bounds(kind, operands);
  auto atom = std::make_shared<const Atom>(Atom{kind, {}, std::move(operands), known, total, depth + 1});
  return make_dim({{{1, {std::move(atom)}}}});
}

int64_t broadcast_numbers(int64_t a, int64_t b) {
  if (a == 1) return b;
  return b == 1 ? a : std::max(a, b);
}

std::optional<int64_t> checked_truncate_div(int64_t a, int64_t b) {
  if (b == 0 || (b == -1 && a == std::numeric_limits<int64_t>::min())) return std::nullopt;
  return a / b;
}

std::optional<int64_t> checked_floor_div(int64_t a, int64_t b) {
  const auto quotient = checked_truncate_div(a, b);
  if (!quotient) return std::nullopt;
  return *quotient - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

void refuse(const Dim& a, std::string_view operation, const Dim& b, std::string_view reason) {
  constexpr size_t kShown = 80;
  const auto shown = [](const Dim& dim) {
    const std::string text = dim.str();
    return text.size() <= kShown ? text : text.substr(0, kShown) + "...";
  };
  throw Error(ErrorCode::InvalidModel,
              std::string(reason) + ": (" + shown(a) + ") " + std::string(operation) + " (" + shown(b) + ")");
}

}  // namespace mica
