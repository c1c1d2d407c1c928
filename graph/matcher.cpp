// Finds patterns in graphs by backtracking: each step takes what is still to be matched as a continuation, and takes
// back what it bound when that fails.
#include <algorithm>
#include <array>
#include <cmath>
#include <forward_list>
#include <utility>

#include "graph/edit.h"
#include "graph/pattern.h"
#include "runtime/base/function_ref.h"

namespace mica {
namespace {

// The node whose first output `id` is, when it is this operator with at least `inputs` inputs.
const Node* producer_of(const Graph& graph, ValueId id, std::string_view op_type, size_t inputs,
                        std::string_view domain) {
  if (id == ValueId::None || graph.value(id).producer == NodeId::None) return nullptr;
  const Node& node = graph.node(graph.value(id).producer);
  const bool fits = node.op_type == op_type && node.domain == domain && node.outputs[0] == id &&
                    node.formal_inputs >= inputs && node.subgraphs.empty();
  return fits ? &node : nullptr;
}

// Whether one of the operators that such arithmetic is written with gives the value.
bool has_producer(const Graph& graph, ValueId id, Pattern::Form::Kind arithmetic) {
  const NodeId producer = graph.value(id).producer;
  if (producer == NodeId::None) return false;
  return std::ranges::any_of(arithmetic_operators(arithmetic),
                             [&](std::string_view op_type) { return op_type == graph.node(producer).op_type; });
}

bool may_match(const Graph& graph, const Pattern::Form& form, ValueId id);

// Of sums and products of more than two, and of what is taken away, only that they are such is looked at.
bool may_join(const Graph& graph, const Pattern::Form& form, ValueId id) {
  const Node* node = producer_of(graph, id, arithmetic_operators(form.kind)[0], 2, "");
  if (node == nullptr || form.operands.size() != 2) return has_producer(graph, id, form.kind);
  const auto are = [&](size_t left, size_t right) {
    return may_match(graph, form.operands[left].form(), node->inputs[0]) &&
           may_match(graph, form.operands[right].form(), node->inputs[1]);
  };
  return are(0, 1) || are(1, 0);
}

// Whether a form can match as far as its operators say, before anything is bound: nearly all that fail do here.
bool may_match(const Graph& graph, const Pattern::Form& form, ValueId id) {
  using enum Pattern::Form::Kind;
  if (id == ValueId::None) return false;
  if (form.kind == Constant || form.kind == Number) return is_constant(graph, id);
  if (form.kind == OneOf) {
    return std::ranges::any_of(form.operands, [&](const Pattern& p) { return may_match(graph, p.form(), id); });
  }
  if (form.kind == Sum || form.kind == Product) return may_join(graph, form, id);
  if (form.kind != Node) return form.kind == Any || has_producer(graph, id, form.kind);
  const auto* node = producer_of(graph, id, form.name, form.operands.size(), form.domain);
  if (node == nullptr) return false;
  for (size_t i = 0; i < form.operands.size(); ++i) {
    if (!may_match(graph, form.operands[i].form(), node->inputs[i])) return false;
  }
  return true;
}

}  // namespace

class Matcher {
 public:
  Matcher(const Graph& graph, NodeId root, bool shared_interior, MatchRoom& room)
      : graph_(graph), root_(root), shared_interior_(shared_interior), room_(room) {}

  std::optional<Match> run(const Pattern& pattern) {
    room_.bound.clear();
    room_.values.clear();
    room_.nodes.clear();
    room_.matched.clear();
    if (!value(pattern.form(), graph_.node(root_).outputs[0], [&] { return complete(); })) return std::nullopt;
    Match match;
    match.root = root_;
    match.values_ = room_.values;
    match.nodes_ = room_.nodes;
    match.matched_ = room_.matched;
    std::ranges::sort(match.matched_);
    match.matched_.erase(std::unique(match.matched_.begin(), match.matched_.end()), match.matched_.end());
    match.shaped_numbers_ = shaped_numbers_;
    return match;
  }

 private:
  using Form = Pattern::Form;
  using Kind = Form::Kind;
  using Next = FunctionRef<bool()>;

  // Some of the operands of a sum or product.
  struct Parts {
    std::array<const Form*, Form::kMostOperands> forms;
    size_t count = 0;

    void add(const Form& form) { forms[count++] = &form; }
  };

  // Products and sums in the graph, and the operators that take away.
  struct Arithmetic {
    std::string_view join, take;
  };
  static Arithmetic arithmetic(Kind kind) {
    return kind == Kind::Sum ? Arithmetic{"Add", "Sub"} : Arithmetic{"Mul", "Div"};
  }

  bool value(const Form& form, ValueId id, Next next) {
    if (id == ValueId::None) return false;
    if (form.kind == Kind::Number) return is_number(id, form.number, next);
    const auto bound = std::ranges::find(room_.bound, &form, &MatchRoom::Bound::form);
    if (bound != room_.bound.end()) return bound->value == id && next();
    room_.bound.push_back({&form, id});
    if (unbound_value(form, id, next)) return true;
    room_.bound.pop_back();
    return false;
  }

  bool unbound_value(const Form& form, ValueId id, Next next) {
    switch (form.kind) {
      case Kind::Any:
        return bind(form.name, id, next);
      case Kind::Constant:
        if (!is_constant(graph_, id)) return false;
        if (form.one_element && graph_.value(id).constant.elements() != 1) return false;
        return bind(form.name, id, [&] { return form.one_element ? with_number(id, next) : next(); });
      case Kind::Node:
        return node(form, id, next);
      case Kind::OneOf:
        return std::ranges::any_of(form.operands, [&](const Pattern& p) { return value(p.form(), id, next); });
      case Kind::Sum:
      case Kind::Product:
        return whole_group(form, id, next);
      case Kind::Negative:
        return unary("Neg", form.operands[0].form(), id, next);
      case Kind::Inverse:
        return inverse(form.operands[0].form(), id, next);
      case Kind::Power:
        return power(form, id, next);
      case Kind::Number:
        break;
    }
    return false;
  }

  bool bind(std::string_view name, ValueId id, Next next) {
    const auto named = std::ranges::find(room_.values, name, &std::pair<std::string_view, ValueId>::first);
    if (named != room_.values.end()) return named->second == id && next();
    room_.values.emplace_back(name, id);
    if (next()) return true;
    room_.values.pop_back();
    return false;
  }

  // The constant `id` is read as a number, whatever its rank.
  bool with_number(ValueId id, Next next) {
    const bool before = shaped_numbers_;
    shaped_numbers_ |= graph_.value(id).constant.shape().rank() > 0;
    if (next()) return true;
    shaped_numbers_ = before;
    return false;
  }

  // As near as the element type lets an exporter write the number.
  bool is_number(ValueId id, double wanted, Next next) {
    if (!is_constant(graph_, id)) return false;
    const Tensor& constant = graph_.value(id).constant;
    const auto found = number(constant);
    if (!found) return false;
    const double tolerance = constant.dtype() == DType::BF16 ? 4e-3 : constant.dtype() == DType::F16 ? 5e-4 : 1e-5;
    const bool equal = *found == wanted || std::abs(*found - wanted) <= tolerance * std::abs(wanted);
    return equal && with_number(id, next);
  }

  const Node* producer(ValueId id, std::string_view op_type, size_t inputs, std::string_view domain = "") const {
    return producer_of(graph_, id, op_type, inputs, domain);
  }

  // Takes the node that gives `id` into the match for what follows.
  bool with_node(ValueId id, Next next) {
    room_.matched.push_back(graph_.value(id).producer);
    if (next()) return true;
    room_.matched.pop_back();
    return false;
  }

  bool node(const Form& form, ValueId id, Next next) {
    const Node* found = producer(id, form.name, form.operands.size(), form.domain);
    if (found == nullptr) return false;
    const auto extra = std::span(found->inputs).subspan(form.operands.size());
    if (!form.more_inputs && std::ranges::any_of(extra, [](ValueId v) { return v != ValueId::None; })) return false;
    return with_node(id, [&] {
      if (form.label.empty()) return inputs(form.operands, 0, *found, next);
      room_.nodes.emplace_back(form.label, graph_.value(id).producer);
      if (inputs(form.operands, 0, *found, next)) return true;
      room_.nodes.pop_back();
      return false;
    });
  }

  bool inputs(std::span<const Pattern> patterns, size_t i, const Node& node, Next next) {
    if (i == patterns.size()) return next();
    return value(patterns[i].form(), node.inputs[i], [&] { return inputs(patterns, i + 1, node, next); });
  }

  bool unary(std::string_view op_type, const Form& operand, ValueId id, Next next) {
    const Node* found = producer(id, op_type, 1);
    return found != nullptr && with_node(id, [&] { return value(operand, found->inputs[0], next); });
  }

  bool binary(std::string_view op_type, const Form& a, const Form& b, ValueId id, Next next) {
    const Node* found = producer(id, op_type, 2);
    return found != nullptr &&
           with_node(id, [&] { return value(a, found->inputs[0], [&] { return value(b, found->inputs[1], next); }); });
  }

  // 1 / y
  bool inverse(const Form& y, ValueId id, Next next) {
    static const Pattern kOne = 1, kMinusOne = -1, kMinusHalf = -0.5;
    const bool root = y.kind == Kind::Node && y.name == "Sqrt";
    return unary("Reciprocal", y, id, next) || binary("Div", kOne.form(), y, id, next) ||
           binary("Pow", y, kMinusOne.form(), id, next) ||
           (root && binary("Pow", y.operands[0].form(), kMinusHalf.form(), id, next));
  }

  bool power(const Form& form, ValueId id, Next next) {
    static const Pattern kTwo = 2, kThree = 3;
    const Form& x = form.operands[0].form();
    const Pattern& exponent = form.number == 2 ? kTwo : kThree;
    if (binary("Pow", x, exponent.form(), id, next)) return true;
    Parts parts;
    for (int i = 0; i < static_cast<int>(form.number); ++i) parts.add(x);
    return group(Kind::Product, parts, id, next);
  }

  bool whole_group(const Form& form, ValueId id, Next next) {
    Parts parts;
    for (const Pattern& operand : form.operands) parts.add(operand.form());
    return group(form.kind, parts, id, next);
  }

  // Whether the sum or product of all parts is the value: they are dealt out to the two operands in every way.
  bool group(Kind kind, const Parts& parts, ValueId id, Next next) {
    if (parts.count == 1) return value(*parts.forms[0], id, next);
    const auto [join, take] = arithmetic(kind);
    const Node* joined = producer(id, join, 2);
    const Node* taken = producer(id, take, 2);
    const Node* found = joined != nullptr ? joined : taken;
    if (found == nullptr) return false;
    return with_node(id, [&] {
      const size_t last = (size_t{1} << parts.count) - 1;
      for (size_t mask = 1; mask < last; ++mask) {
        Parts left, right;
        for (size_t i = 0; i < parts.count; ++i) ((mask >> i & 1) != 0 ? left : right).add(*parts.forms[i]);
        if (found == taken && !make_opposite(kind, right)) continue;
        const auto then = [&] { return group(kind, right, found->inputs[1], next); };
        if (group(kind, left, found->inputs[0], then)) return true;
      }
      return false;
    });
  }

  // Turns parts into their negatives or inverses; false when one of them is not written as such.
  bool make_opposite(Kind kind, Parts& parts) {
    const Kind opposite = kind == Kind::Sum ? Kind::Negative : Kind::Inverse;
    for (const Form*& part : std::span(parts.forms).first(parts.count)) {
      if (part->kind == Kind::Number && kind == Kind::Sum) {
        part = &number_form(-part->number);
      } else if (part->kind == Kind::Number && part->number != 0) {
        part = &number_form(1 / part->number);
      } else if (part->kind == opposite) {
        part = &part->operands[0].form();
      } else {
        return false;
      }
    }
    return true;
  }

  // A number that no pattern holds.
  const Form& number_form(double number) {
    const auto known = std::ranges::find(numbers_, number, &Form::number);
    if (known != numbers_.end()) return *known;
    return numbers_.emplace_front(Form{.kind = Kind::Number, .number = number});
  }

  // Everything is bound; what lies inside must not be seen from outside.
  bool complete() const {
    if (shared_interior_) return true;
    const auto inside = [&](const Use& use) {
      return std::ranges::find(room_.matched, use.node) != room_.matched.end();
    };
    for (const NodeId id : room_.matched) {
      if (id == root_) continue;
      for (const ValueId output : graph_.node(id).outputs) {
        if (output == ValueId::None) continue;
        if (graph_.is_output(output) || !std::ranges::all_of(graph_.uses(output), inside)) return false;
      }
    }
    return true;
  }

  const Graph& graph_;
  NodeId root_;
  bool shared_interior_;
  MatchRoom& room_;  // what was bound last is let go first
  std::forward_list<Form> numbers_;
  bool shaped_numbers_ = false;
};

std::optional<Match> match(const Pattern& pattern, const Graph& graph, NodeId root, bool shared_interior,
                           MatchRoom& room) {
  const Node& node = graph.node(root);
  if (node.outputs.empty() || !may_match(graph, pattern.form(), node.outputs[0])) return std::nullopt;
  return Matcher(graph, root, shared_interior, room).run(pattern);
}

}  // namespace mica
