#include "graph/dim_broadcast.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "graph/polynomial.h"

namespace mica {
namespace {

using Kind = Atom::Kind;

int64_t least(const Dim& dim) {
  return dim.lower_bound().value_or(0);
}

// The operands of a dim that is one such function and nothing else.
const std::vector<Dim>* operands_of(const Dim& dim, Kind kind) {
  if (dim.is_constant() || dim.expression()->terms.size() != 1) return nullptr;
  const Term& term = dim.expression()->terms[0];
  const bool is_alone = term.coefficient == 1 && term.monomial.size() == 1 && term.monomial[0]->kind == kind;
  return is_alone ? &term.monomial[0]->operands : nullptr;
}

void append(std::vector<Dim>& operands, const Dim& dim) {
  const std::vector<Dim>* inner = operands_of(dim, Kind::Broadcast);
  if (inner == nullptr) {
    operands.push_back(dim);
  } else {
    operands.insert(operands.end(), inner->begin(), inner->end());
  }
}

// Whether the dim is another one of them, cut to a length that is not 0: where the two broadcast they give that one.
bool is_cut(const Dim& dim, const std::vector<Dim>& operands) {
  const std::vector<Dim>* lengths = operands_of(dim, Kind::Min);
  if (lengths == nullptr) return false;
  return std::ranges::any_of(operands, [&](const Dim& whole) {
    return std::ranges::find(*lengths, whole) != lengths->end() &&
           std::ranges::all_of(*lengths, [&](const Dim& length) { return length == whole || least(length) > 0; });
  });
}

}  // namespace

Dim broadcast(const Dim& a, const Dim& b) {
  if (a.is_constant() && b.is_constant()) return broadcast_numbers(a.value(), b.value());
  std::vector<Dim> operands;
  append(operands, a);
  append(operands, b);
  std::ranges::sort(operands, [](const Dim& x, const Dim& y) { return std::is_lt(compare(x, y)); });
  const auto repeated = std::ranges::unique(operands);
  operands.erase(repeated.begin(), repeated.end());
  std::erase_if(operands, [](const Dim& dim) { return dim.is(1); });
  const std::vector<Dim> all = operands;
  std::erase_if(operands, [&](const Dim& dim) { return is_cut(dim, all); });
  // One that is never 1 is what all others are, where they are not 1.
  const auto never_1 = [](const Dim& dim) { return dim.is_constant() || least(dim) > 1; };
  if (const auto decided = std::ranges::find_if(operands, never_1); decided != operands.end()) return *decided;
  if (operands.size() == 1) return operands[0];
  if (std::ranges::all_of(operands, [](const Dim& dim) { return least(dim) > 0; })) {
    Dim largest = operands[0];
    for (const Dim& dim : operands) largest = max(largest, dim);
    return largest;
  }
  return make_function(Kind::Broadcast, std::move(operands));
}

}  // namespace mica
