// Finds patterns in graphs by backtracking: each step takes what is still to be matched as a continuation, and takes
// back what it bound when that fails.
#include <algorithm>
#include <cmath>
#include <utility>

#include "graph/edit.h"
#include "graph/pattern.h"
#include "runtime/base/function_ref.h"

namespace mica {

class Matcher {
 public:
  Matcher(const Graph& graph, bool shared_interior) : graph_(graph), shared_interior_(shared_interior) {}

  std::optional<Match> run(const Pattern& pattern, NodeId root) {
    const Node& node = graph_.node(root);
    if (node.outputs.empty()) return std::nullopt;
    match_.root = root;
    if (!value(pattern, node.outputs[0], [&] { return complete(); })) return std::nullopt;
    std::ranges::sort(match_.matched_);
    match_.matched_.erase(std::unique(match_.matched_.begin(), match_.matched_.end()), match_.matched_.end());
    return std::move(match_);
  }

 private:
  using Form = Pattern::Form;
  using Kind = Form::Kind;
  using Next = FunctionRef<bool()>;

  struct Bound {
    const Form* form;
    ValueId value;
  };

  // Products and sums in the graph, and the operators that take away.
  struct Arithmetic {
    std::string_view join, take;
  };
  static Arithmetic arithmetic(Kind kind) {
    return kind == Kind::Sum ? Arithmetic{"Add", "Sub"} : Arithmetic{"Mul", "Div"};
  }

  bool value(const Pattern& pattern, ValueId id, Next next) {
    if (id == ValueId::None) return false;
    const Form& form = pattern.form();
    if (form.kind == Kind::Number) return is_number(id, form.number, next);
    const auto bound = std::ranges::find(bound_, &form, &Bound::form);
    if (bound != bound_.end()) return bound->value == id && next();
    bound_.push_back({&form, id});
    if (unbound_value(form, id, next)) return true;
    bound_.pop_back();
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
        return std::ranges::any_of(form.operands, [&](const Pattern& p) { return value(p, id, next); });
      case Kind::Sum:
      case Kind::Product:
        return group(form.kind, form.operands, id, next);
      case Kind::Negative:
        return unary("Neg", form.operands[0], id, next);
      case Kind::Inverse:
        return inverse(form.operands[0], id, next);
      case Kind::Power:
        return power(form, id, next);
      case Kind::Number:
        break;
    }
    return false;
  }

  bool bind(const std::string& name, ValueId id, Next next) {
    const auto [it, added] = match_.values_.emplace(name, id);
    if (!added) return it->second == id && next();
    if (next()) return true;
    match_.values_.erase(name);
    return false;
  }

  // The constant `id` is read as a number, whatever its rank.
  bool with_number(ValueId id, Next next) {
    const bool before = match_.shaped_numbers_;
    match_.shaped_numbers_ |= graph_.value(id).constant.shape().rank() > 0;
    if (next()) return true;
    match_.shaped_numbers_ = before;
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

  // The node whose first output `id` is, when it is this operator with at least `inputs` inputs.
  const Node* producer(ValueId id, std::string_view op_type, size_t inputs, std::string_view domain = "") const {
    if (id == ValueId::None || graph_.value(id).producer == NodeId::None) return nullptr;
    const Node& node = graph_.node(graph_.value(id).producer);
    const bool fits = node.op_type == op_type && node.domain == domain && node.outputs[0] == id &&
                      node.formal_inputs >= inputs && node.subgraphs.empty();
    return fits ? &node : nullptr;
  }

  // Takes the node that gives `id` into the match for what follows.
  bool with_node(ValueId id, Next next) {
    match_.matched_.push_back(graph_.value(id).producer);
    if (next()) return true;
    match_.matched_.pop_back();
    return false;
  }

  bool node(const Form& form, ValueId id, Next next) {
    const Node* found = producer(id, form.name, form.operands.size(), form.domain);
    if (found == nullptr) return false;
    const auto extra = std::span(found->inputs).subspan(form.operands.size());
    if (!form.more_inputs && std::ranges::any_of(extra, [](ValueId v) { return v != ValueId::None; })) return false;
    return with_node(id, [&] {
      if (form.label.empty()) return inputs(form.operands, 0, *found, next);
      const auto [it, added] = match_.nodes_.emplace(form.label, graph_.value(id).producer);
      if (inputs(form.operands, 0, *found, next)) return true;
      if (added) match_.nodes_.erase(it);
      return false;
    });
  }

  bool inputs(const std::vector<Pattern>& patterns, size_t i, const Node& node, Next next) {
    if (i == patterns.size()) return next();
    return value(patterns[i], node.inputs[i], [&] { return inputs(patterns, i + 1, node, next); });
  }

  bool unary(std::string_view op_type, const Pattern& operand, ValueId id, Next next) {
    const Node* found = producer(id, op_type, 1);
    return found != nullptr && with_node(id, [&] { return value(operand, found->inputs[0], next); });
  }

  bool binary(std::string_view op_type, const Pattern& a, const Pattern& b, ValueId id, Next next) {
    const Node* found = producer(id, op_type, 2);
    return found != nullptr &&
           with_node(id, [&] { return value(a, found->inputs[0], [&] { return value(b, found->inputs[1], next); }); });
  }

  // 1 / y
  bool inverse(const Pattern& y, ValueId id, Next next) {
    const Form& form = y.form();
    const bool root = form.kind == Kind::Node && form.name == "Sqrt";
    return unary("Reciprocal", y, id, next) || binary("Div", 1.0, y, id, next) || binary("Pow", y, -1.0, id, next) ||
           (root && binary("Pow", form.operands[0], -0.5, id, next));
  }

  bool power(const Form& form, ValueId id, Next next) {
    const Pattern& x = form.operands[0];
    if (binary("Pow", x, form.number, id, next)) return true;
    return group(Kind::Product, std::vector<Pattern>(static_cast<size_t>(form.number), x), id, next);
  }

  // Whether the sum or product of all parts is the value: they are dealt out to the two operands in every way.
  bool group(Kind kind, const std::vector<Pattern>& parts, ValueId id, Next next) {
    if (parts.size() == 1) return value(parts[0], id, next);
    const auto [join, take] = arithmetic(kind);
    const Node* joined = producer(id, join, 2);
    const Node* taken = producer(id, take, 2);
    const Node* found = joined != nullptr ? joined : taken;
    if (found == nullptr) return false;
    return with_node(id, [&] {
      const size_t last = (size_t{1} << parts.size()) - 1;
      for (size_t mask = 1; mask < last; ++mask) {
        std::vector<Pattern> left, right;
        for (size_t i = 0; i < parts.size(); ++i) ((mask >> i & 1) != 0 ? left : right).push_back(parts[i]);
        if (found == taken && !make_opposite(kind, right)) continue;
        const auto then = [&] { return group(kind, right, found->inputs[1], next); };
        if (group(kind, left, found->inputs[0], then)) return true;
      }
      return false;
    });
  }

  // Turns parts into their negatives or inverses; false when one of them is not written as such.
  bool make_opposite(Kind kind, std::vector<Pattern>& parts) {
    const Kind opposite = kind == Kind::Sum ? Kind::Negative : Kind::Inverse;
    for (Pattern& part : parts) {
      const Form& form = part.form();
      if (form.kind == Kind::Number && kind == Kind::Sum) {
        part = Pattern(-form.number);
      } else if (form.kind == Kind::Number && form.number != 0) {
        part = Pattern(1 / form.number);
      } else if (form.kind == opposite) {
        part = Pattern(form.operands[0]);
      } else {
        return false;
      }
    }
    return true;
  }

  // Everything is bound; what lies inside must not be seen from outside.
  bool complete() const {
    if (shared_interior_) return true;
    const auto inside = [&](const Use& use) {
      return std::ranges::find(match_.matched_, use.node) != match_.matched_.end();
    };
    for (const NodeId id : match_.matched_) {
      if (id == match_.root) continue;
      for (const ValueId output : graph_.node(id).outputs) {
        if (output == ValueId::None) continue;
        if (graph_.is_output(output) || !std::ranges::all_of(graph_.uses(output), inside)) return false;
      }
    }
    return true;
  }

  const Graph& graph_;
  bool shared_interior_;
  Match match_;
  std::vector<Bound> bound_;  // what was bound last is let go first
};

std::optional<Match> match(const Pattern& pattern, const Graph& graph, NodeId root, bool shared_interior) {
  return Matcher(graph, shared_interior).run(pattern, root);
}

}  // namespace mica
