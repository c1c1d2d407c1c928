#include "graph/rewriter.h"

#include <algorithm>
#include <utility>

#include "graph/edit.h"
#include "graph/inference.h"
#include "graph/rule.h"
#include "runtime/base/error.h"

namespace mica {

Target Rewriter::target() const {
  return context_.options.target;
}

double Rewriter::number(std::string_view name) const {
  return mica::number(constant(name)).value_or(0);
}

ValueId Rewriter::add(std::string_view op_type, int64_t since, std::vector<ValueId> inputs, Attributes attributes) {
  const auto outputs = add({"", op_type, since}, std::move(inputs), std::move(attributes), {true});
  return outputs.empty() ? ValueId::None : outputs[0];
}

std::vector<ValueId> Rewriter::add(const Operator& op, std::vector<ValueId> inputs, Attributes attributes,
                                   const std::vector<bool>& wanted) {
  const auto imported = context_.model.opsets.find(op.domain);
  const int64_t opset = imported == context_.model.opsets.end() ? (op.domain.empty() ? 1 : 0) : imported->second;
  if (context_.options.target == Target::Portable && opset < op.since) {
    const std::string of = op.domain.empty() ? "" : " of " + std::string(op.domain);
    refuse("needs " + std::string(op.type) + of + " of opset " + std::to_string(op.since) + ", the model has " +
           std::to_string(opset));
    return {};
  }
  Node node;
  node.domain = op.domain;
  node.op_type = op.type;
  node.opset = std::max(opset, op.since);
  return insert(std::move(node), std::move(inputs), std::move(attributes), wanted);
}

// A node of the same operator and version, as yet without inputs and outputs.
static Node of_same_kind(const Node& like) {
  Node node;
  node.domain = like.domain;
  node.op_type = like.op_type;
  node.opset = like.opset;
  return node;
}

ValueId Rewriter::again(const Node& like, std::vector<ValueId> inputs, Attributes attributes) {
  const auto outputs = insert(of_same_kind(like), std::move(inputs), std::move(attributes), {true});
  return outputs.empty() ? ValueId::None : outputs[0];
}

ValueId Rewriter::instead_of(const Node& old, std::vector<ValueId> inputs, Attributes attributes) {
  const std::vector<ValueId> old_outputs = old.outputs;
  std::vector<bool> wanted;
  for (const ValueId output : old_outputs) wanted.push_back(output != ValueId::None);
  const auto outputs = insert(of_same_kind(old), std::move(inputs), std::move(attributes), wanted);
  if (outputs.empty()) return ValueId::None;
  for (size_t i = 1; i < outputs.size(); ++i) {
    if (outputs[i] != ValueId::None) replace_too(old_outputs[i], outputs[i]);
  }
  return outputs[0];
}

ValueId Rewriter::add_own(std::string_view op_type, std::string_view name, std::vector<ValueId> inputs,
                          Attributes attributes) {
  if (context_.options.target != Target::Mica) return refuse(std::string(op_type) + " is for this engine alone");
  Node node;
  node.domain = kOwnDomain;
  node.op_type = op_type;
  node.name = name;
  node.opset = 1;
  const auto outputs = insert(std::move(node), std::move(inputs), std::move(attributes), {true});
  return outputs.empty() ? ValueId::None : outputs[0];
}

std::vector<ValueId> Rewriter::insert(Node node, std::vector<ValueId> inputs, Attributes attributes,
                                      const std::vector<bool>& wanted) {
  if (added_.empty() && node.name.empty()) node.name = root().name;  // names of nodes are unique
  node.attributes = std::move(attributes);
  try {
    const NodeId id = add_node(graph_, context_.operators, std::move(node), std::move(inputs), wanted);
    added_.push_back(id);
    return graph_.node(id).outputs;
  } catch (const Error& error) {
    refuse(error.what());
    return {};
  }
}

bool Rewriter::may_rewrite(size_t bytes, bool kept) {
  constexpr size_t kTimes = 4;
  if (!context_.rewrite_limit) {
    size_t all = 0;
    for_each_graph(*context_.model.graph, [&](Graph& graph) {
      for (uint32_t i = 0; i < graph.value_count(); ++i) {
        const Tensor& constant = graph.value(ValueId{i}).constant;
        if (constant.defined()) all += constant.bytes();
      }
    });
    context_.rewrite_limit = kTimes * all + context_.options.folding.bytes;
  }
  if (kept && bytes > context_.options.folding.bytes) return false;
  if (bytes > *context_.rewrite_limit - context_.rewritten_bytes) return false;
  context_.rewritten_bytes += bytes;
  return true;
}

ValueId Rewriter::add_constant(Tensor tensor) {
  return graph_.add_constant("", std::move(tensor));
}

ValueId Rewriter::refuse(std::string why) {
  if (refusal_.empty()) refusal_ = std::move(why);
  return ValueId::None;
}

}  // namespace mica
