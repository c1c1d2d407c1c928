// The graph of a model: dense arrays of nodes and values, edited through a few methods.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/attribute.h"
#include "graph/op_def.h"
#include "graph/type.h"
#include "graph/value_list.h"
#include "runtime/base/tensor.h"

namespace mica {

class Graph;

/// Index of a node in its graph. `None`: the value is an input, an initializer, or a captured value.
enum class NodeId : uint32_t { None = ~uint32_t{0} };

/// An edge of the graph: an input, an initializer, a value captured from the graph around, or a node's output.
struct Value {
  std::string name;  ///< unique in its graph
  ValueType type;    ///< as declared or inferred
  NodeId producer = NodeId::None;
  Tensor constant;               ///< defined for an initializer or a folded value
  std::optional<Dims> contents;  ///< elements of a small integer tensor as expressions, where known
};

/// A use of a value: input `index` of `node`. Captured inputs follow the formal ones.
struct Use {
  NodeId node;
  size_t index;
  bool operator==(const Use&) const = default;
};

/// A graph inside a node (the body of If, Loop, Scan). It sees values of the graph around it only through `captures`.
struct Subgraph {
  std::string name;  ///< of the attribute
  std::unique_ptr<Graph> graph;
};

/// An operation. `inputs` holds the formal inputs (absent optional ones are None), then one input for each value that
/// its subgraphs capture from the graph around.
struct Node {
  std::string domain, op_type, name;
  int64_t opset = 0;  ///< version of the domain
  std::vector<ValueId> inputs, outputs;
  size_t formal_inputs = 0;
  Attributes attributes;
  std::vector<Subgraph> subgraphs;
  const OpTable::Entry* op = nullptr;  ///< null: no such operator in this build
  Params params;                       ///< made from the attributes by `resolve`
  bool alive = true;

  std::string str() const;  ///< `MatMul "layer.3/q"`, for messages
};

/// Inputs, outputs, nodes and values. Ids stay valid through all edits; what is removed is only marked.
class Graph {
 public:
  std::string name;
  ValueList inputs, outputs;
  /// Of a subgraph: its values that stand for captured ones, in the order of the node's inputs behind the formal ones.
  /// All subgraphs of a node list the same captures; ValueId::None where one of them does not use it.
  ValueList captures;

  size_t value_count() const { return values_.size(); }
  size_t node_count() const { return nodes_.size(); }
  Value& value(ValueId id) { return values_[static_cast<size_t>(id)]; }
  const Value& value(ValueId id) const { return values_[static_cast<size_t>(id)]; }
  Node& node(NodeId id) { return nodes_[static_cast<size_t>(id)]; }
  const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }

  /// Makes room for so many nodes and values.
  void reserve(size_t nodes, size_t values);
  /// Adds a value; a name that is taken or empty gets a number behind it.
  ValueId add_value(std::string_view name, ValueType type = {});
  ValueId add_constant(std::string_view name, Tensor tensor);
  /// Adds a node and ties its outputs to it.
  NodeId add_node(Node node);
  /// Removes a node; its outputs lose their producer and must have no users left.
  void remove_node(NodeId id);
  /// Makes input `index` of `node` another value.
  void set_input(NodeId node, size_t index, ValueId value);
  /// Makes every use of `from`, graph outputs included, a use of `to`.
  void replace_uses(ValueId from, ValueId to);
  /// Drops output `index` (from now on None); it must have no users.
  void drop_output(NodeId node, size_t index);
  /// Takes input `index` away from a node; the inputs behind it move up.
  void erase_input(NodeId node, size_t index);

  /// Node inputs that use the value, in no particular order.
  std::span<const Use> uses(ValueId id) const { return uses_[static_cast<size_t>(id)]; }
  bool is_output(ValueId id) const { return outputs.contains(id); }
  bool is_input(ValueId id) const { return inputs.contains(id); }
  /// Neither a node nor a graph output uses it.
  bool is_unused(ValueId id) const { return uses(id).empty() && !is_output(id); }

  std::optional<ValueId> find_value(std::string_view name) const;
  void rename(ValueId id, std::string_view name);

  /// Living nodes, each after those it depends on; otherwise in the order they were added. Throws InvalidModel, naming
  /// a node, when there is a cycle.
  std::vector<NodeId> order() const;

  std::unique_ptr<Graph> clone() const;

 private:
  std::string unique_name(std::string_view wanted);
  void remove_use(ValueId value, Use use);

  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<std::vector<Use>> uses_;
  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };

  std::unordered_map<std::string, ValueId, NameHash, std::equal_to<>> names_;
};

/// A graph with what belongs to the model as a whole.
struct GraphModel {
  std::unique_ptr<Graph> graph;
  int64_t ir_version = 0;
  std::map<std::string, int64_t, std::less<>> opsets;  ///< by domain; "ai.onnx" is ""
  std::map<std::string, std::string> metadata;
  std::string producer, doc;
  std::vector<std::string> notes;  ///< what the import had to mend, for people
  std::string origin;              ///< path of the file
};

/// Looks the node's operator up at its opset and makes its parameters. Leaves `op` null when there is none. Throws
/// InvalidModel for attributes or numbers of inputs and outputs that the operator does not take.
void resolve(Node& node, const OpTable& operators);

}  // namespace mica
