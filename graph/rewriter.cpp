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
  const auto imported = context_.model.opsets.find("");
  const int64_t opset = imported == context_.model.opsets.end() ? 1 : imported->second;
  const std::string versioned = std::string(op_type) + " of opset " + std::to_string(since);
  if (context_.options.target == Target::Portable && opset < since) {
    return refuse("needs " + versioned + ", the model has " + std::to_string(opset));
  }
  Node node;
  node.op_type = op_type;
  node.opset = std::max(opset, since);
  return insert(std::move(node), std::move(inputs), std::move(attributes));
}

ValueId Rewriter::again(const Node& like, std::vector<ValueId> inputs, Attributes attributes) {
  Node node;
  node.domain = like.domain;
  node.op_type = like.op_type;
  node.opset = like.opset;
  return insert(std::move(node), std::move(inputs), std::move(attributes));
}

ValueId Rewriter::insert(Node node, std::vector<ValueId> inputs, Attributes attributes) {
  if (added_.empty()) node.name = root().name;  // names of nodes are unique
  node.formal_inputs = inputs.size();
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  node.outputs = {ValueId{0}};  // stands for the output, until it is known that there will be one
  try {
    resolve(node, context_.operators);
    if (node.op == nullptr) {
      return refuse("this build has no " + node.op_type + " of opset " + std::to_string(node.opset));
    }
    const ValueId output = graph_.add_value("");
    node.outputs = {output};
    const NodeId id = graph_.add_node(std::move(node));
    added_.push_back(id);
    infer_node(graph_, id);
    return output;
  } catch (const Error& error) {
    return refuse(error.what());
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
