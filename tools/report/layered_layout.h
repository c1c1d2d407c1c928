// Where to draw the nodes of a directed graph: in layers, every edge going down.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace mica::tools {

struct Point {
  double x = 0, y = 0;
};

/// Distances in the units of the drawing.
struct LayoutSizes {
  double node_width = 150, layer_height = 68;
  double node_gap = 18, edge_gap = 14;
  size_t longest_edge = 24;  ///< layers; an edge over more is not drawn
};

struct LayeredLayout {
  std::vector<Point> nodes;               ///< centres
  std::vector<std::vector<Point>> edges;  ///< from centre to centre by way of the layers between; empty: too long
  double width = 0, height = 0;
};

/// `edges` are pairs of nodes {from, to} with from < to: nodes are numbered in an order of computation.
LayeredLayout layered_layout(size_t nodes, std::span<const std::pair<size_t, size_t>> edges,
                             const LayoutSizes& sizes = {});

}  // namespace mica::tools
