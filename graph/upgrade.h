// Raising nodes to later versions of their operators. One family, one file in graph/upgrades/.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "graph/graph.h"

/// Defines what becomes of a node of ai.onnx when it is raised to version `since` of its operator, where that version
/// writes the same thing differently: MICA_UPGRADE(Squeeze, 13) { ... u ... }. Steps that change nothing need none. The
/// build finds these lines in graph/upgrades/ and makes the table `upgrades()` of them: no list is kept by hand. They
/// stand directly in namespace mica, each at the start of a line.
#define MICA_UPGRADE(operator_name, since) void mica_upgrade_##operator_name##_##since([[maybe_unused]] Upgrade& u)

namespace mica {

/// A node on its way to version `version` of its operator, and what a step may do to it. Types of its inputs are known
/// as far as inference tells them.
class Upgrade {
 public:
  Upgrade(Graph& graph, NodeId id, int64_t version, const OpTable& operators)
      : graph_(graph), id_(id), version_(version), operators_(operators) {}

  const Graph& graph() const { return graph_; }
  const Node& node() const { return graph_.node(id_); }
  bool has_input(size_t i) const { return i < node().formal_inputs && node().inputs[i] != ValueId::None; }
  /// Whether anything uses output `i`.
  bool wants(size_t i) const;
  /// The element type of input `i`; refuses when it is not known.
  DType dtype(size_t i) const;
  /// The content of input `i`, of an initializer or a Constant; null when it is computed.
  const Tensor* content(size_t i) const;
  /// The same of a list of integers; refuses anything else.
  std::vector<int64_t> content_integers(size_t i) const;
  /// The dims of input `i`; refuses when its rank is not known.
  const Dims& dims(size_t i) const;

  bool has(std::string_view attribute) const { return node().attributes.contains(attribute); }
  /// Takes an attribute away from the node; nullopt when it has none. Refuses one of another kind.
  template <class T>
  std::optional<T> take(std::string_view attribute) {
    auto& attributes = graph_.node(id_).attributes;
    const auto it = attributes.find(attribute);
    if (it == attributes.end()) return std::nullopt;
    const T* held = std::get_if<T>(&it->second);
    if (held == nullptr) refuse("attribute \"" + it->first + "\" is of another kind");
    T value = *held;
    attributes.erase(it);
    return value;
  }
  void set(std::string_view attribute, Attribute value);
  /// Where the node says nothing itself.
  void set_default(std::string_view attribute, Attribute value);

  void become(std::string_view op_type) { graph_.node(id_).op_type = op_type; }
  /// Makes input `i` the value; absent inputs before it are added as needed.
  void set_input(size_t i, ValueId value);
  /// Takes input `i` away; those behind it move up.
  void erase_input(size_t i) { graph_.erase_input(id_, i); }
  /// Takes away outputs from `count` on, which nothing may use.
  void truncate_outputs(size_t count);

  ValueId constant(Tensor tensor) { return graph_.add_constant("", std::move(tensor)); }
  /// A constant vector.
  ValueId integers(const std::vector<int64_t>& values);
  /// A constant scalar of a type of floats; refuses other types.
  ValueId scalar(DType dtype, double value);
  /// Adds a node of ai.onnx, of the version that this one is on its way to.
  ValueId add(std::string_view op_type, std::vector<ValueId> inputs, Attributes attributes = {});
  /// Puts a node behind output `i`, whose input 0 it becomes: all that used the output use the node's,
  /// which takes over its name.
  void add_behind(size_t i, std::string_view op_type, std::vector<ValueId> more_inputs, Attributes attributes = {});

  /// Throws Unsupported.
  [[noreturn]] void refuse(const std::string& why) const;

  /// Nodes made so far.
  const std::vector<NodeId>& added() const { return added_; }

 private:
  Graph& graph_;
  NodeId id_;
  int64_t version_;
  const OpTable& operators_;
  std::vector<NodeId> added_;
};

struct UpgradeStep {
  std::string_view op_type;
  int64_t version;
  void (*apply)(Upgrade&);
};

/// All steps of this build, by operator and version.
std::span<const UpgradeStep> upgrades();

/// Raises a node of ai.onnx, and those that steps add to it. Throws Unsupported when it is of a later version, or when
/// what it computes cannot be said in that one.
void upgrade(Graph& graph, NodeId id, int64_t version, const OpTable& operators);

}  // namespace mica
