// a = f(x, y), b = g(a, z), ...   =>   b = ElementwiseChain(x, y, z)     in one pass over memory
// A chain ends with a node of which all that it takes in besides are used by the chain alone, so that it is no larger
// than one value and no path leads out of it and in again. All of its nodes have the dims of its result: none would be
// computed more often than without it.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/edit.h"
#include "graph/element_program.h"
#include "graph/facts.h"
#include "graph/inference.h"
#include "graph/passes/pass.h"
#include "graph/pattern.h"

namespace mica {
namespace {

class Fusion {
 public:
  Fusion(PassContext& context, Graph& graph) : context_(context), graph_(graph), order_(graph.order()) {
    for (size_t at = 0; at < order_.size(); ++at) position_[order_[at]] = at;
  }

  size_t run() {
    size_t fused = 0;
    for (size_t at = order_.size(); at-- > 0;) {
      if (!graph_.node(order_[at]).alive || !is_elementwise(order_[at])) continue;
      if (const Members members = grow(order_[at]); members.size() > 1) fused += fuse(members);
    }
    return fused;
  }

 private:
  using Members = std::set<size_t>;  // positions in the order

  const Value& result(size_t at) const { return graph_.value(graph_.node(order_[at]).outputs[0]); }

  bool is_elementwise(NodeId id) const {
    const Node& node = graph_.node(id);
    if (node.op == nullptr || node.outputs.size() != 1 || node.inputs.size() > ElementProgram::kMaxOperands)
      return false;
    const auto has_text = [](const auto& attribute) { return ElementProgram::has_text(attribute.second); };
    if (!std::ranges::all_of(node.attributes, has_text)) return false;
    const Value& result = graph_.value(node.outputs[0]);
    if (!result.type.is_tensor() || !result.type.dims || result.contents || result.constant.defined()) return false;
    std::vector<DType> types;
    for (const ValueId input : node.inputs) {
      const bool absent = input == ValueId::None;
      if (!absent && dims_of(graph_, input) == nullptr) return false;
      types.push_back(absent ? DType::Undefined : graph_.value(input).type.dtype);
    }
    return block_kernel(node.op->def(), node.params.get(), types) != nullptr;
  }

  // All that can go into a chain that ends with this node, the earliest nodes left out where they would make values
  // live on beside each other that do not otherwise.
  Members grow(NodeId last) {
    size_t from = 0;
    while (true) {
      const Members members = grow_from(last, from);
      if (members.size() < 2 || !takes_more_memory(members)) return members;
      from = *members.begin() + 1;
    }
  }

  Members grow_from(NodeId last, size_t from) const {
    const size_t end = position_.at(last);
    Members members{end};
    for (bool grows = true; grows;) {
      grows = false;
      for (const size_t at : Members(members)) {
        for (const ValueId input : graph_.node(order_[at]).inputs) {
          const auto producer = fitting_producer(input, members, end);
          if (!producer || *producer < from || members.contains(*producer)) continue;
          members.insert(*producer);
          if (members.size() <= ElementProgram::kMaxSteps && inputs_of(members).size() <= ElementProgram::kMaxInputs) {
            grows = true;
          } else {
            members.erase(*producer);
          }
        }
      }
    }
    return members;
  }

  // Where the node is that gives the value, if it can become a member.
  std::optional<size_t> fitting_producer(ValueId input, const Members& members, size_t end) const {
    if (input == ValueId::None || graph_.is_output(input)) return std::nullopt;
    const Value& value = graph_.value(input);
    if (value.producer == NodeId::None || !position_.contains(value.producer)) return std::nullopt;
    if (!is_elementwise(value.producer) || *value.type.dims != *result(end).type.dims) return std::nullopt;
    const bool only_here = std::ranges::all_of(graph_.uses(input), [&](const Use& use) {
      const auto user = position_.find(use.node);
      return user != position_.end() && members.contains(user->second);
    });
    return only_here ? std::optional(position_.at(value.producer)) : std::nullopt;
  }

  // What members take that no member gives, each once.
  std::vector<ValueId> inputs_of(const Members& members) const {
    std::vector<ValueId> inputs;
    for (const size_t at : members) {
      for (const ValueId input : graph_.node(order_[at]).inputs) {
        if (input == ValueId::None || is_inside(input, members)) continue;
        if (std::ranges::find(inputs, input) == inputs.end()) inputs.push_back(input);
      }
    }
    return inputs;
  }

  bool is_inside(ValueId id, const Members& members) const {
    const auto producer = position_.find(graph_.value(id).producer);
    return producer != position_.end() && members.contains(producer->second);
  }

  // Whether there is a node at which more values as large as the result are alive when all members are where the last
  // one is.
  bool takes_more_memory(const Members& members) const {
    const size_t begin = *members.begin(), end = *members.rbegin();
    std::vector<int> apart(end - begin + 1, 0), together(end - begin + 1, 0);
    const auto live = [&](std::vector<int>& counts, size_t first, size_t last, int width) {
      for (size_t at = std::max(first, begin); at <= std::min(last, end); ++at) counts[at - begin] += width;
    };
    for (const size_t at : members) {
      if (at != end) live(apart, at, last_use(graph_.node(order_[at]).outputs[0]), bit_width(result(at).type.dtype));
    }
    for (const ValueId input : inputs_of(members)) {
      const Value& value = graph_.value(input);
      if (value.producer == NodeId::None || *value.type.dims != *result(end).type.dims) continue;
      const size_t first = position_.at(value.producer), last = last_use(input);
      live(apart, first, last, bit_width(value.type.dtype));
      live(together, first, std::max(last, end), bit_width(value.type.dtype));
    }
    int most = 0;
    for (const size_t at : members) most = std::max(most, apart[at - begin]);
    for (size_t at = begin; at < end; ++at) {
      if (!members.contains(at) && together[at - begin] > apart[at - begin]) return true;
    }
    return together.back() > most;
  }

  size_t last_use(ValueId id) const {
    if (graph_.is_output(id)) return order_.size();
    size_t last = 0;
    for (const Use& use : graph_.uses(id)) {
      const auto at = position_.find(use.node);
      last = std::max(last, at == position_.end() ? order_.size() : at->second);
    }
    return last;
  }

  bool fuse(const Members& members) {
    const std::vector<ValueId> inputs = inputs_of(members);
    ElementProgram program;
    std::map<ValueId, int> numbers{{ValueId::None, ElementProgram::kAbsent}};
    const auto add_number = [&](ValueId id) { numbers.emplace(id, static_cast<int>(numbers.size()) - 1); };
    for (const ValueId input : inputs) {
      program.inputs.push_back(graph_.value(input).type.dtype);
      add_number(input);
    }
    for (const size_t at : members) {
      const Node& node = graph_.node(order_[at]);
      ElementProgram::Step& step = program.steps.emplace_back();
      step.domain = node.domain;
      step.op_type = node.op_type;
      step.opset = node.opset;
      step.attributes = node.attributes;
      for (const ValueId input : node.inputs) step.operands.push_back(numbers.at(input));
      add_number(node.outputs[0]);
    }
    const NodeId last = order_[*members.rbegin()];
    Node chain;
    chain.domain = kOwnDomain;
    chain.op_type = ElementProgram::kOperator;
    chain.opset = 1;
    chain.name = graph_.node(last).name;
    chain.attributes.emplace(ElementProgram::kAttribute, program.str());
    const NodeId added = add_node(graph_, context_.operators, std::move(chain), inputs);
    position_[added] = *members.rbegin();
    redirect(graph_, graph_.node(last).outputs[0], graph_.node(added).outputs[0]);
    remove_unused(graph_, last);
    return true;
  }

  PassContext& context_;
  Graph& graph_;
  const std::vector<NodeId> order_;
  std::map<NodeId, size_t> position_;
};

}  // namespace

size_t fuse_elementwise(PassContext& context) {
  if (context.operators.find(kOwnDomain, ElementProgram::kOperator, 1) == nullptr) return 0;
  size_t fused = 0;
  for_each_graph(*context.model.graph, [&](Graph& graph) {
    while (const size_t more = Fusion(context, graph).run()) fused += more;
  });
  return fused;
}

}  // namespace mica
