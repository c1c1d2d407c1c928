#include "graph/pattern.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

using Form = Pattern::Form;
using Kind = Form::Kind;

Pattern make(Form form) {
  static std::mutex mutex;
  static std::deque<Form> forms;
  const std::lock_guard lock(mutex);
  return Pattern(&forms.emplace_back(std::move(form)));
}

Pattern make(Kind kind, PatternList operands) {
  Form form{kind, {}, {}};
  form.operands.assign(operands.begin(), operands.end());
  return make(std::move(form));
}

// A sum of sums, or a product of products, is one list.
Pattern join(Kind kind, Pattern a, Pattern b) {
  std::vector<Pattern> parts;
  for (const Pattern part : {a, b}) {
    if (part.form().kind == kind) {
      parts.insert(parts.end(), part.form().operands.begin(), part.form().operands.end());
    } else {
      parts.push_back(part);
    }
  }
  if (parts.size() > Form::kMostOperands) throw Error(ErrorCode::Internal, "a pattern joins too many operands");
  return make(kind, parts);
}

Pattern wildcard(Kind kind, std::string_view name, bool one_element = false) {
  Form form{kind, std::string(name), {}};
  form.one_element = one_element;
  return make(std::move(form));
}

Pattern power(Pattern x, double exponent) {
  Form form{Kind::Power, {}, {}, exponent};
  form.operands = {x};
  return make(std::move(form));
}

Pattern inverse(Pattern x) {
  if (x.form().kind == Kind::Number) return Pattern(1 / x.form().number);
  return make(Kind::Inverse, {x});
}

}  // namespace

const Form* Pattern::number(double constant) {
  return &make(Form{Kind::Number, {}, {}, constant}).form();
}

Pattern Pattern::with_more_inputs() const {
  Form form = *form_;
  form.more_inputs = true;
  return make(std::move(form));
}

Pattern Pattern::as(std::string_view name) const {
  Form form = *form_;
  form.label = name;
  return make(std::move(form));
}

Pattern any(std::string_view name) {
  return wildcard(Kind::Any, name);
}
Pattern scalar(std::string_view name) {
  return wildcard(Kind::Constant, name, true);
}
Pattern constant(std::string_view name) {
  return wildcard(Kind::Constant, name);
}

Pattern op(std::string_view op_type, PatternList inputs) {
  Form form{Kind::Node, std::string(op_type), {}};
  form.operands.assign(inputs.begin(), inputs.end());
  return make(std::move(form));
}

Pattern own_op(std::string_view op_type, PatternList inputs) {
  Form form = op(op_type, inputs).form();
  form.domain = kOwnDomain;
  return make(std::move(form));
}

Pattern one_of(PatternList alternatives) {
  return make(Kind::OneOf, alternatives);
}
Pattern maybe(std::string_view op_type, Pattern x) {
  return one_of({op(op_type, {x}), x});
}

Pattern operator+(Pattern a, Pattern b) {
  return join(Kind::Sum, a, b);
}
Pattern operator-(Pattern a, Pattern b) {
  return join(Kind::Sum, a, -b);
}
Pattern operator*(Pattern a, Pattern b) {
  return join(Kind::Product, a, b);
}
Pattern operator/(Pattern a, Pattern b) {
  return join(Kind::Product, a, inverse(b));
}
Pattern operator-(Pattern a) {
  if (a.form().kind == Kind::Number) return Pattern(-a.form().number);
  return make(Kind::Negative, {a});
}

Pattern square(Pattern x) {
  return power(x, 2);
}
Pattern cube(Pattern x) {
  return power(x, 3);
}
Pattern sqrt(Pattern x) {
  return op("Sqrt", {x});
}
Pattern erf(Pattern x) {
  return op("Erf", {x});
}
Pattern tanh(Pattern x) {
  return op("Tanh", {x});
}
Pattern sigmoid(Pattern x) {
  return op("Sigmoid", {x});
}

ValueId Match::value(std::string_view name) const {
  const auto it = values_.find(name);
  return it == values_.end() ? ValueId::None : it->second;
}

NodeId Match::node(std::string_view label) const {
  const auto it = nodes_.find(label);
  return it == nodes_.end() ? NodeId::None : it->second;
}

std::optional<double> number(const Tensor& tensor) {
  if (!tensor.defined() || tensor.elements() != 1) return std::nullopt;
  std::optional<double> result;
  visit_dtype<float, double, int64_t, int32_t, int8_t, uint8_t, bool>(
      tensor.dtype(), [&]<class T>() { result = static_cast<double>(*tensor.data<T>()); });
  visit_dtype<Half, BFloat16>(tensor.dtype(),
                              [&]<class T>() { result = static_cast<double>(static_cast<float>(*tensor.data<T>())); });
  return result;
}

static void add_roots(const Pattern& pattern, std::vector<std::string_view>& roots) {
  const Form& form = pattern.form();
  switch (form.kind) {
    case Kind::Node:
      roots.push_back(form.name);
      break;
    case Kind::OneOf:
      for (const Pattern& alternative : form.operands) add_roots(alternative, roots);
      break;
    case Kind::Sum:
      roots.insert(roots.end(), {"Add", "Sub"});
      break;
    case Kind::Product:
      roots.insert(roots.end(), {"Mul", "Div"});
      break;
    case Kind::Negative:
      roots.push_back("Neg");
      break;
    case Kind::Inverse:
      roots.insert(roots.end(), {"Reciprocal", "Div", "Pow"});
      break;
    case Kind::Power:
      roots.insert(roots.end(), {"Mul", "Pow"});
      break;
    case Kind::Any:
    case Kind::Constant:
    case Kind::Number:
      throw Error(ErrorCode::Internal, "a pattern is a single value");
  }
}

std::vector<std::string_view> root_operators(const Pattern& pattern) {
  std::vector<std::string_view> roots;
  add_roots(pattern, roots);
  std::ranges::sort(roots);
  roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
  return roots;
}

}  // namespace mica
