#include "graph/graph.h"

#include <algorithm>
#include <utility>

#include "runtime/base/error.h"

namespace mica {

std::string Node::str() const {
  std::string text = domain.empty() ? op_type : domain + "." + op_type;
  if (!name.empty()) text += " \"" + name + "\"";
  return text;
}

std::string Graph::unique_name(std::string_view wanted) {
  std::string name(wanted.empty() ? "value" : wanted);
  if (!wanted.empty() && !names_.contains(name)) return name;
  for (size_t n = values_.size();; ++n) {
    std::string candidate = name + "." + std::to_string(n);
    if (!names_.contains(candidate)) return candidate;
  }
}

void Graph::reserve(size_t nodes, size_t values) {
  nodes_.reserve(nodes);
  values_.reserve(values);
  uses_.reserve(values);
  names_.reserve(values);
}

ValueId Graph::add_value(std::string_view name, ValueType type) {
  const ValueId id{static_cast<uint32_t>(values_.size())};
  Value value;
  value.name = unique_name(name);
  value.type = std::move(type);
  names_.emplace(value.name, id);
  values_.push_back(std::move(value));
  uses_.emplace_back();
  return id;
}

ValueId Graph::add_constant(std::string_view name, Tensor tensor) {
  const ValueId id = add_value(name, ValueType::tensor(tensor.dtype(), to_dims(tensor.shape())));
  value(id).constant = std::move(tensor);
  return id;
}

NodeId Graph::add_node(Node node) {
  const NodeId id{static_cast<uint32_t>(nodes_.size())};
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] != ValueId::None) uses_[static_cast<size_t>(node.inputs[i])].push_back({id, i});
  }
  for (const ValueId output : node.outputs) {
    if (output != ValueId::None) value(output).producer = id;
  }
  nodes_.push_back(std::move(node));
  return id;
}

void Graph::remove_use(ValueId value, Use use) {
  if (value == ValueId::None) return;
  auto& uses = uses_[static_cast<size_t>(value)];
  uses.erase(std::ranges::find(uses, use));
}

void Graph::remove_node(NodeId id) {
  Node& dead = node(id);
  for (size_t i = 0; i < dead.inputs.size(); ++i) remove_use(dead.inputs[i], {id, i});
  for (const ValueId output : dead.outputs) {
    if (output == ValueId::None) continue;
    if (value(output).producer == id) value(output).producer = NodeId::None;
  }
  dead.alive = false;
  dead.inputs.clear();
  dead.outputs.clear();
  dead.subgraphs.clear();
  dead.attributes.clear();
  dead.params.reset();
}

void Graph::set_input(NodeId node_id, size_t index, ValueId to) {
  ValueId& input = node(node_id).inputs[index];
  remove_use(input, {node_id, index});
  input = to;
  if (to != ValueId::None) uses_[static_cast<size_t>(to)].push_back({node_id, index});
}

void Graph::replace_uses(ValueId from, ValueId to) {
  if (from == to) return;
  const std::vector<Use> moved = std::exchange(uses_[static_cast<size_t>(from)], {});
  for (const Use& use : moved) node(use.node).inputs[use.index] = to;
  if (to != ValueId::None) {
    auto& uses = uses_[static_cast<size_t>(to)];
    uses.insert(uses.end(), moved.begin(), moved.end());
  }
  outputs.replace(from, to);
}

void Graph::drop_output(NodeId node_id, size_t index) {
  ValueId& output = node(node_id).outputs[index];
  if (output != ValueId::None) value(output).producer = NodeId::None;
  output = ValueId::None;
}

void Graph::erase_input(NodeId node_id, size_t index) {
  Node& edited = node(node_id);
  for (size_t i = index; i + 1 < edited.inputs.size(); ++i) set_input(node_id, i, edited.inputs[i + 1]);
  set_input(node_id, edited.inputs.size() - 1, ValueId::None);
  edited.inputs.pop_back();
  if (index < edited.formal_inputs) --edited.formal_inputs;
}

std::optional<ValueId> Graph::find_value(std::string_view name) const {
  const auto it = names_.find(name);
  if (it == names_.end()) return std::nullopt;
  return it->second;
}

void Graph::rename(ValueId id, std::string_view name) {
  names_.erase(value(id).name);
  value(id).name = unique_name(name);
  names_.emplace(value(id).name, id);
}

std::vector<NodeId> Graph::order() const {
  enum class Mark : uint8_t { New, Open, Done };
  std::vector<Mark> marks(nodes_.size(), Mark::New);
  std::vector<NodeId> order;
  order.reserve(nodes_.size());
  // The first input from `at` on that a node which is not done yet computes; behind the last one where there is none.
  const auto next_open = [&](const Node& node, size_t at) {
    for (; at < node.inputs.size(); ++at) {
      const ValueId input = node.inputs[at];
      if (input == ValueId::None || value(input).producer == NodeId::None) continue;
      if (marks[static_cast<size_t>(value(input).producer)] != Mark::Done) break;
    }
    return at;
  };
  struct Frame {
    size_t node;
    size_t next_input;
  };
  std::vector<Frame> stack;
  for (size_t root = 0; root < nodes_.size(); ++root) {
    if (!nodes_[root].alive || marks[root] != Mark::New) continue;
    for (Frame frame{root, 0};;) {
      const Node& node = nodes_[frame.node];
      frame.next_input = next_open(node, frame.next_input);
      if (frame.next_input < node.inputs.size()) {
        const size_t producer = static_cast<size_t>(value(node.inputs[frame.next_input]).producer);
        if (marks[producer] == Mark::Open || producer == frame.node) {
          throw Error(ErrorCode::InvalidModel, nodes_[producer].str() + " depends on its own output");
        }
        marks[frame.node] = Mark::Open;
        stack.push_back(frame);
        frame = {producer, 0};
        continue;
      }
      marks[frame.node] = Mark::Done;
      order.push_back(NodeId{static_cast<uint32_t>(frame.node)});
      if (stack.empty()) break;
      frame = stack.back();
      stack.pop_back();
    }
  }
  return order;
}

std::unique_ptr<Graph> Graph::clone() const {
  auto copy = std::make_unique<Graph>();
  copy->name = name;
  copy->inputs = inputs;
  copy->outputs = outputs;
  copy->captures = captures;
  copy->values_ = values_;
  copy->uses_ = uses_;
  copy->names_ = names_;
  copy->nodes_.reserve(nodes_.size());
  for (const Node& node : nodes_) {
    Node& twin = copy->nodes_.emplace_back();
    twin.domain = node.domain;
    twin.op_type = node.op_type;
    twin.name = node.name;
    twin.opset = node.opset;
    twin.inputs = node.inputs;
    twin.outputs = node.outputs;
    twin.formal_inputs = node.formal_inputs;
    twin.attributes = node.attributes;
    twin.op = node.op;
    twin.params = node.params;
    twin.alive = node.alive;
    for (const Subgraph& sub : node.subgraphs) twin.subgraphs.push_back({sub.name, sub.graph->clone()});
  }
  return copy;
}

}  // namespace mica
