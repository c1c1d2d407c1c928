// Names that tell the values of nested graphs apart, for formats in which a graph sees those around it.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"

namespace mica {

/// Gives each value of a graph a name by which it is meant there and in every graph within. A captured value has the
/// name of the value it stands for. Others keep their own, with a number behind where a graph around has it too.
class ScopedNames {
 public:
  /// Of a graph without those around it, where captured values keep their own names too.
  explicit ScopedNames(const Graph& graph) : ScopedNames(graph, nullptr, nullptr) {}
  /// Of a subgraph of `node`, which is in the graph of `outer`; `outer` must outlive this.
  ScopedNames(const Graph& graph, const ScopedNames& outer, const Node& node) : ScopedNames(graph, &outer, &node) {}

  const std::string& operator[](ValueId id) const { return names_[static_cast<size_t>(id)]; }
  /// A name that no value visible here has.
  std::string unused(std::string_view wanted);

 private:
  ScopedNames(const Graph& graph, const ScopedNames* outer, const Node* node);
  bool is_taken(const std::string& name) const;

  const ScopedNames* outer_;
  std::vector<std::string> names_;
  std::unordered_set<std::string> taken_;
};

}  // namespace mica
