#include "graph/dim.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "graph/dim_broadcast.h"
#include "graph/dim_caps.h"
#include "graph/polynomial.h"

namespace mica {
namespace {

Dim sum(const Dim& a, const Dim& b, int64_t scale, std::string_view operation) {
  if (int64_t number = 0; a.is_constant() && b.is_constant() && !__builtin_mul_overflow(b.value(), scale, &number) &&
                          !__builtin_add_overflow(a.value(), number, &number)) {
    return number;
  }
  auto result = add(to_polynomial(a), to_polynomial(b), scale);
  if (!result) refuse(a, operation, b);
  return make_dim(std::move(*result));
}

using DimOf = std::function<Dim(const Dim&)>;

// The atom, which is no symbol, as a function of what `of` makes of its operands.
Dim of_operands(const Atom& atom, const DimOf& of) {
  Dim result = of(atom.operands.front());
  for (size_t i = 1; i < atom.operands.size(); ++i) {
    const Dim next = of(atom.operands[i]);
    switch (atom.kind) {
      case Atom::Kind::Symbol:
        break;
      case Atom::Kind::FloorDiv:
        result = floor_div(result, next);
        break;
      case Atom::Kind::TruncateDiv:
        result = truncate_div(result, next);
        break;
      case Atom::Kind::Min:
        result = min(result, next);
        break;
      case Atom::Kind::Max:
        result = max(result, next);
        break;
      case Atom::Kind::Broadcast:
        result = broadcast(result, next);
        break;
    }
  }
  return result;
}

// The polynomial with something else for each of its atoms.
Dim of_atoms(const Dim& dim, const std::function<Dim(const AtomPtr&)>& of) {
  if (dim.is_constant()) return dim;
  Dim sum;
  for (const Term& term : dim.expression()->terms) {
    Dim product = term.coefficient;
    for (const AtomPtr& atom : term.monomial) product = product * of(atom);
    sum = sum + product;
  }
  return sum;
}

// A minimum without its constant operand, when that is > 1.
Dim uncapped(const AtomPtr& atom) {
  if (atom->kind == Atom::Kind::Symbol) return make_dim({{{1, {atom}}}});
  if (atom->kind != Atom::Kind::Min) return of_operands(*atom, mica::uncapped);
  Atom least = *atom;
  std::erase_if(least.operands, [](const Dim& operand) { return operand.constant().value_or(0) > 1; });
  return of_operands(least, mica::uncapped);
}

std::optional<int64_t> apply(Atom::Kind kind, int64_t a, int64_t b) {
  switch (kind) {
    case Atom::Kind::Symbol:
      break;
    case Atom::Kind::FloorDiv:
      return checked_floor_div(a, b);
    case Atom::Kind::TruncateDiv:
      return checked_truncate_div(a, b);
    case Atom::Kind::Min:
      return std::min(a, b);
    case Atom::Kind::Max:
      return std::max(a, b);
    case Atom::Kind::Broadcast:
      return broadcast_numbers(a, b);
  }
  return std::nullopt;
}

std::optional<int64_t> evaluate(const Atom& atom, const SymbolValues& values) {
  if (atom.kind == Atom::Kind::Symbol) {
    const auto found = values.find(atom.name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  auto result = mica::evaluate(atom.operands.front(), values);
  for (size_t i = 1; result && i < atom.operands.size(); ++i) {
    const auto next = mica::evaluate(atom.operands[i], values);
    result = next ? apply(atom.kind, *result, *next) : std::nullopt;
  }
  return result;
}

void collect_symbols(const Dim& dim, std::set<std::string>& names) {
  if (dim.is_constant()) return;
  for (const Term& term : dim.expression()->terms) {
    for (const AtomPtr& atom : term.monomial) {
      if (atom->kind == Atom::Kind::Symbol) names.insert(atom->name);
      for (const Dim& operand : atom->operands) collect_symbols(operand, names);
    }
  }
}

}  // namespace

Polynomial to_polynomial(const Dim& dim) {
  if (!dim.is_constant()) return *dim.expression();
  if (dim.value() == 0) return {};
  return {{{dim.value(), {}}}};
}

Dim make_dim(Polynomial polynomial) {
  Dim dim;
  if (polynomial.terms.empty() || polynomial.terms.front().monomial.empty()) {
    dim.value_ = polynomial.constant();
  } else {
    dim.expression_ = std::make_shared<const Polynomial>(std::move(polynomial));
  }
  return dim;
}

Dim Dim::symbol(const std::string& name) {
  auto atom = std::make_shared<const Atom>(Atom{Atom::Kind::Symbol, name, {}, {.lower = 0, .upper = {}}, 1, 0});
  return make_dim({{{1, {std::move(atom)}}}});
}

std::optional<int64_t> Dim::constant() const {
  return is_constant() ? std::optional(value_) : std::nullopt;
}

Dim Dim::operator+(const Dim& other) const {
  return sum(*this, other, 1, "+");
}

Dim Dim::operator-(const Dim& other) const {
  return sum(*this, other, -1, "-");
}

Dim Dim::operator*(const Dim& other) const {
  if (int64_t number = 0;
      is_constant() && other.is_constant() && !__builtin_mul_overflow(value_, other.value_, &number)) {
    return number;
  }
  if (is(1)) return other;
  if (other.is(1)) return *this;
  auto result = multiply(to_polynomial(*this), to_polynomial(other));
  if (!result) refuse(*this, "*", other);
  return make_dim(std::move(*result));
}

Dim Dim::operator-() const {
  return Dim(0) - *this;
}

bool Dim::operator==(const Dim& other) const {
  return std::is_eq(compare(*this, other));
}

std::optional<int64_t> Dim::lower_bound() const {
  return is_constant() ? value_ : mica::lower_bound(*expression_);
}

std::set<std::string> Dim::symbols() const {
  std::set<std::string> names;
  collect_symbols(*this, names);
  return names;
}

Dim substitute(const Dim& dim, const SymbolValues& values) {
  return of_atoms(dim, [&values](const AtomPtr& atom) {
    if (atom->kind != Atom::Kind::Symbol) {
      return of_operands(*atom, [&values](const Dim& operand) { return substitute(operand, values); });
    }
    const auto found = values.find(atom->name);
    return found == values.end() ? make_dim({{{1, {atom}}}}) : Dim(found->second);
  });
}

Dim uncapped(const Dim& dim) {
  return of_atoms(dim, [](const AtomPtr& atom) { return uncapped(atom); });
}

std::optional<int64_t> evaluate(const Dim& dim, const SymbolValues& values) {
  if (dim.is_constant()) return dim.value();
  int64_t sum = 0;
  for (const Term& term : dim.expression()->terms) {
    int64_t product = term.coefficient;
    for (const AtomPtr& atom : term.monomial) {
      const auto factor = evaluate(*atom, values);
      if (!factor || __builtin_mul_overflow(product, *factor, &product)) return std::nullopt;
    }
    if (__builtin_add_overflow(sum, product, &sum)) return std::nullopt;
  }
  return sum;
}

Dim product(const Dims& dims) {
  if (std::ranges::any_of(dims, [](const Dim& dim) { return dim.is(0); })) return 0;
  Dim numbers = 1, symbols = 1;  // apart: numbers are quickly multiplied
  for (const Dim& dim : dims) {
    Dim& part = dim.is_constant() ? numbers : symbols;
    part = part * dim;
  }
  return numbers * symbols;
}

}  // namespace mica
