// Dims as text.
#include <string>
#include <string_view>

#include "graph/polynomial.h"

namespace mica {
namespace {

// An operand of a division, in parentheses where it is more than a number or one factor; a dividend may be a product.
std::string operand(const Dim& dim, bool product_too) {
  std::string text = dim.str();
  if (dim.is_constant()) return text;
  const auto& terms = dim.expression()->terms;
  const bool factor = terms.front().coefficient == 1 && terms.front().monomial.size() == 1;
  return terms.size() == 1 && (factor || product_too) ? text : "(" + text + ")";
}

std::string call(std::string_view function, const std::vector<Dim>& operands) {
  std::string text;
  for (const Dim& dim : operands) text += (text.empty() ? "" : ", ") + dim.str();
  return std::string(function) + "(" + text + ")";
}

std::string quotient(std::string_view function, const std::vector<Dim>& operands) {
  return std::string(function) + "(" + operand(operands[0], true) + "/" + operand(operands[1], false) + ")";
}

std::string str(const Atom& atom) {
  switch (atom.kind) {
    case Atom::Kind::Symbol:
      break;
    case Atom::Kind::FloorDiv:
      return quotient("floor", atom.operands);
    case Atom::Kind::TruncateDiv:
      return quotient("truncate", atom.operands);
    case Atom::Kind::Min:
      return call("min", atom.operands);
    case Atom::Kind::Max:
      return call("max", atom.operands);
    case Atom::Kind::Broadcast:
      return call("broadcast", atom.operands);
  }
  return atom.name;
}

std::string magnitude(const Term& term) {
  std::string text = std::to_string(term.coefficient);
  if (term.coefficient < 0) text.erase(0, 1);
  if (text == "1" && !term.monomial.empty()) text.clear();
  for (const AtomPtr& atom : term.monomial) text += (text.empty() ? "" : "*") + str(*atom);
  return text;
}

}  // namespace

std::string Dim::str() const {
  if (is_constant()) return std::to_string(value_);
  std::string text;
  for (const bool negative : {false, true}) {  // "4 - seq" reads better than "-seq + 4"
    for (const Term& term : expression_->terms) {
      if ((term.coefficient < 0) != negative) continue;
      if (text.empty()) {
        text = negative ? "-" : "";
      } else {
        text += negative ? " - " : " + ";
      }
      text += magnitude(term);
    }
  }
  return text;
}

std::string str(const Dims& dims) {
  std::string text;
  for (const Dim& dim : dims) text += (text.empty() ? "" : ",") + dim.str();
  return "[" + text + "]";
}

}  // namespace mica
