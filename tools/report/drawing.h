// A graph as it is drawn: nodes, edges, and what became of each node.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace mica::tools {

enum class Change : uint8_t { Kept, New, Removed };
std::string_view name(Change change);  ///< "kept", "new", "removed"

struct DrawnNode {
  std::string title, subtitle;  ///< operator and type of the first output; of an input or output of the graph its name
  std::string tip;              ///< all there is to say
  std::string output;           ///< name of the first output
  Change change = Change::Kept;
  bool is_end = false;  ///< an input or output of the graph
};

struct DrawnBody;

struct Drawing {
  std::vector<DrawnNode> nodes;                  ///< in an order of computation
  std::vector<std::pair<size_t, size_t>> edges;  ///< {from, to}, each once
  std::vector<std::string> values;               ///< of each edge, the name of what goes along it
  std::vector<DrawnBody> bodies;                 ///< graphs within the nodes
};

/// A graph within a node: a branch of If, the body of a Loop or Scan.
struct DrawnBody {
  size_t node;       ///< of the drawing around
  std::string name;  ///< of the attribute
  Drawing drawing;

  std::string title(const Drawing& around) const;  ///< "then_branch of If y"
};

/// Draws a graph and those within it; all nodes count as kept.
Drawing draw(const Graph& graph);

/// Nodes that are not in the other version of the graph are `change`: those of which it has none of the same operator
/// with an output of the same name. Likewise those within their bodies.
void mark_changes(Drawing& drawing, const Drawing& other, Change change);

}  // namespace mica::tools
