#include "graph/pattern.h"

#include <algorithm>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <type_traits>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

using Form = Pattern::Form;
using Kind = Form::Kind;

// Forms, with their names and operands, one behind the other.
class Forms {
 public:
  const Form* add(Form form) {
    const std::lock_guard lock(mutex_);
    for (std::string_view* text : {&form.name, &form.label, &form.domain}) *text = {copy<char>(*text), text->size()};
    form.operands = {copy<Pattern>(form.operands), form.operands.size()};
    return copy<Form>({&form, 1});
  }

 private:
  template <class T>
  const T* copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    if (items.empty()) return nullptr;
    void* room = memory_.allocate(items.size_bytes(), alignof(T));
    return std::uninitialized_copy(items.begin(), items.end(), static_cast<T*>(room)) - items.size();
  }

  std::mutex mutex_;
  std::pmr::monotonic_buffer_resource memory_;
};

Pattern make(const Form& form) {
  static Forms forms;
  return Pattern(forms.add(form));
}

Pattern make(Kind kind, PatternList operands) {
  return make(Form{.kind = kind, .operands = operands});
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
  return make(Form{.kind = kind, .name = name, .one_element = one_element});
}

Pattern power(Pattern x, double exponent) {
  return make(Form{.kind = Kind::Power, .number = exponent, .operands = {&x, 1}});
}

Pattern inverse(Pattern x) {
  if (x.form().kind == Kind::Number) return Pattern(1 / x.form().number);
  return make(Kind::Inverse, {x});
}

}  // namespace

const Form* Pattern::number(double constant) {
  return &make(Form{.kind = Kind::Number, .number = constant}).form();
}

Pattern Pattern::with_more_inputs() const {
  Form form = *form_;
  form.more_inputs = true;
  return make(form);
}

Pattern Pattern::as(std::string_view name) const {
  Form form = *form_;
  form.label = name;
  return make(form);
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
  return make(Form{.kind = Kind::Node, .name = op_type, .operands = inputs});
}

Pattern own_op(std::string_view op_type, PatternList inputs) {
  return make(Form{.kind = Kind::Node, .name = op_type, .domain = kOwnDomain, .operands = inputs});
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
  const auto it = std::ranges::find(values_, name, &std::pair<std::string_view, ValueId>::first);
  return it == values_.end() ? ValueId::None : it->second;
}

NodeId Match::node(std::string_view label) const {
  const auto it = std::ranges::find(nodes_, label, &std::pair<std::string_view, NodeId>::first);
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

std::span<const std::string_view> arithmetic_operators(Kind kind) {
  static constexpr std::string_view kSum[] = {"Add", "Sub"}, kProduct[] = {"Mul", "Div"}, kNegative[] = {"Neg"},
                                    kInverse[] = {"Reciprocal", "Div", "Pow"}, kPower[] = {"Mul", "Pow"};
  switch (kind) {
    case Kind::Sum:
      return kSum;
    case Kind::Product:
      return kProduct;
    case Kind::Negative:
      return kNegative;
    case Kind::Inverse:
      return kInverse;
    case Kind::Power:
      return kPower;
    default:
      return {};
  }
}

static void add_roots(const Pattern& pattern, std::vector<std::string_view>& roots) {
  const Form& form = pattern.form();
  if (form.kind == Kind::Node) {
    roots.push_back(form.name);
  } else if (form.kind == Kind::OneOf) {
    for (const Pattern& alternative : form.operands) add_roots(alternative, roots);
  } else if (const auto operators = arithmetic_operators(form.kind); !operators.empty()) {
    roots.insert(roots.end(), operators.begin(), operators.end());
  } else {
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
