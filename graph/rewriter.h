// What a rule's replacement may do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "graph/pattern.h"
#include "graph/pipeline.h"

namespace mica {

struct RuleContext;

/// Reads the graph around a match and makes what takes its place.
class Rewriter {
 public:
  /// An operator that exists from version `since` of its domain on.
  struct Operator {
    std::string_view domain, type;
    int64_t since;
  };

  Rewriter(RuleContext& context, Graph& graph, const Match& match) : context_(context), graph_(graph), match_(match) {}

  const Graph& graph() const { return graph_; }
  Target target() const;
  const ValueType& type(ValueId id) const { return graph_.value(id).type; }
  /// The content of a matched constant.
  const Tensor& constant(std::string_view name) const { return graph_.value(match_[name]).constant; }
  /// The number in a matched `scalar`.
  double number(std::string_view name) const;
  const Node& node(std::string_view label) const { return graph_.node(match_.node(label)); }
  const Node& root() const { return graph_.node(match_.root); }
  /// Output 0 of the matched root: what is to be replaced.
  ValueId replaced() const { return root().outputs[0]; }

  /// Adds an operator of ai.onnx that exists from version `since` on, and infers its type. None, with a refusal, when
  /// the target does not have it or it does not take these inputs.
  ValueId add(std::string_view op_type, int64_t since, std::vector<ValueId> inputs, Attributes attributes = {});
  /// The same for an operator of any domain and several outputs: of the values returned, those that `wanted` names are
  /// there, and the others None. Empty after a refusal.
  std::vector<ValueId> add(const Operator& op, std::vector<ValueId> inputs, Attributes attributes,
                           const std::vector<bool>& wanted);
  /// Adds a node like another of the graph, of the same operator and version, with these inputs and attributes.
  ValueId again(const Node& like, std::vector<ValueId> inputs, Attributes attributes);
  /// As `again`, with all outputs of the node, of which those behind the first give way too. Returns output 0.
  ValueId instead_of(const Node& old, std::vector<ValueId> inputs, Attributes attributes);
  /// Adds an operator of this build's own domain, and infers its type. Its node gets this name. None, with a refusal,
  /// when the target is another engine.
  ValueId add_own(std::string_view op_type, std::string_view name, std::vector<ValueId> inputs, Attributes attributes);
  ValueId add_constant(Tensor tensor);
  /// Whether weights of so many bytes may be made from others, which stay in the model when `kept`. All rules together
  /// may go over the weights of a model a few times: a hostile chain of factors would have us do it without end.
  bool may_rewrite(size_t bytes, bool kept);
  /// `value` gives way to `by` too, everywhere, when output 0 of the root is replaced.
  void replace_too(ValueId value, ValueId by) { replaced_too_.push_back({value, by}); }
  /// Says why the match is not rewritten. Returns None, for the rule to return. The first reason counts.
  ValueId refuse(std::string why);

  const std::string& refusal() const { return refusal_; }
  /// Nodes made so far, in order.
  const std::vector<NodeId>& added() const { return added_; }
  struct Replacement {
    ValueId value, by;
  };
  const std::vector<Replacement>& replaced_too() const { return replaced_too_; }

 private:
  std::vector<ValueId> insert(Node node, std::vector<ValueId> inputs, Attributes attributes,
                              const std::vector<bool>& wanted);

  RuleContext& context_;
  Graph& graph_;
  const Match& match_;
  std::string refusal_;
  std::vector<NodeId> added_;
  std::vector<Replacement> replaced_too_;
};

}  // namespace mica
