// Patterns of graphs, written as arithmetic: x * (erf(x / sqrt2) + 1.0) * 0.5.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace mica {

/// Domain of operators that no standard has: what the optimiser makes for this engine alone.
inline constexpr std::string_view kOwnDomain = "mica";

/// Describes values by how they are computed. The matcher knows the arithmetic: operands of sums and products come in
/// any order and grouping; a - c is a + (-c), x / c is x * (1 / c), 1 / y is Reciprocal(y), squares and cubes are
/// powers or products, 1 / sqrt(y) may be a power. A constant is any one-element tensor of the same value. A copy of a
/// Pattern is the same pattern, and where one pattern stands at two places, both must be the same value. Patterns are
/// handles of what is kept as long as the program runs, as rules are.
class Pattern {
 public:
  struct Form;

  Pattern(double constant) : form_(number(constant)) {}
  explicit Pattern(const Form* form) : form_(form) {}

  /// The pattern may match a node with more inputs than it lists.
  Pattern with_more_inputs() const;
  /// The name under which a match tells the matched node.
  Pattern as(std::string_view name) const;

  const Form& form() const { return *form_; }

 private:
  static const Form* number(double constant);

  const Form* form_;
};

/// The patterns in braces or in a vector, while the call lasts that they are given to.
class PatternList : public std::span<const Pattern> {
 public:
  PatternList(std::initializer_list<Pattern> patterns) : span(patterns.begin(), patterns.size()) {}
  PatternList(const std::vector<Pattern>& patterns) : span(patterns) {}
};

Pattern any(std::string_view name);       ///< any value; the same one wherever the name stands
Pattern scalar(std::string_view name);    ///< a constant of one element
Pattern constant(std::string_view name);  ///< any constant
/// A node of ai.onnx, with these inputs.
Pattern op(std::string_view op_type, PatternList inputs);
/// A node of this build's own domain, which only `Rewriter::add_own` makes. Not for the root of a rule's pattern.
Pattern own_op(std::string_view op_type, PatternList inputs);
/// The first of these that matches.
Pattern one_of(PatternList alternatives);
/// op(op_type, {x}), or x itself.
Pattern maybe(std::string_view op_type, Pattern x);

Pattern operator+(Pattern a, Pattern b);
Pattern operator-(Pattern a, Pattern b);
Pattern operator*(Pattern a, Pattern b);
Pattern operator/(Pattern a, Pattern b);
Pattern operator-(Pattern a);
Pattern square(Pattern x);
Pattern cube(Pattern x);
Pattern sqrt(Pattern x);
Pattern erf(Pattern x);
Pattern tanh(Pattern x);
Pattern sigmoid(Pattern x);

struct Pattern::Form {
  enum class Kind : uint8_t { Any, Constant, Number, Node, OneOf, Sum, Product, Negative, Inverse, Power };
  static constexpr size_t kMostOperands = 8;  ///< of a Sum or Product

  Kind kind;
  std::string_view name = {};    ///< Any, Constant: of the wildcard; Node: the operator
  std::string_view label = {};   ///< Node: under which a match tells the node
  double number = 0;             ///< Number; Power: the exponent, 2 or 3
  bool one_element = false;      ///< Constant
  bool more_inputs = false;      ///< Node
  std::string_view domain = {};  ///< Node
  std::span<const Pattern> operands = {};
};

/// Where a pattern was found. Its names are the pattern's.
class Match {
 public:
  NodeId root = NodeId::None;  ///< the node whose output the pattern describes
  ValueId value(std::string_view name) const;
  ValueId operator[](std::string_view name) const { return value(name); }
  /// The node of a labelled pattern.
  NodeId node(std::string_view label) const;
  bool has(std::string_view name) const { return value(name) != ValueId::None || node(name) != NodeId::None; }
  /// All matched nodes; the root is among them.
  const std::vector<NodeId>& nodes() const { return matched_; }
  /// Whether a one-element constant with dims was taken for a number: it may have raised the rank.
  bool shaped_numbers() const { return shaped_numbers_; }

 private:
  friend class Matcher;

  std::vector<std::pair<std::string_view, ValueId>> values_;
  std::vector<std::pair<std::string_view, NodeId>> nodes_;
  std::vector<NodeId> matched_;
  bool shaped_numbers_ = false;
};

/// What is bound while a pattern is looked for; kept from one look to the next, it is allocated once.
struct MatchRoom {
  struct Bound {
    const Pattern::Form* form;
    ValueId value;
  };
  std::vector<Bound> bound;
  std::vector<std::pair<std::string_view, ValueId>> values;
  std::vector<std::pair<std::string_view, NodeId>> nodes;
  std::vector<NodeId> matched;
};

/// Matches the pattern against output 0 of a node. Unless `shared_interior`, nothing but the matched nodes may use a
/// value inside the match.
std::optional<Match> match(const Pattern& pattern, const Graph& graph, NodeId root, bool shared_interior,
                           MatchRoom& room);

/// The operators that a sum, product, negative, inverse or power may end in; none for other kinds.
std::span<const std::string_view> arithmetic_operators(Pattern::Form::Kind kind);
/// Operators that a node may have to be the root of a match; empty: any. The names live as long as the pattern.
std::vector<std::string_view> root_operators(const Pattern& pattern);

/// The only element of a constant of floating point, integer or boolean type (true is 1).
std::optional<double> number(const Tensor& tensor);

}  // namespace mica
