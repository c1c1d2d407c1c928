// Drawing in layers: edges go down, nodes do not overlap, and large graphs take no time.
#include "tools/report/layered_layout.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <random>

namespace mica::tools {
namespace {

using Edges = std::vector<std::pair<size_t, size_t>>;

void check(const LayeredLayout& layout, size_t nodes, const Edges& edges) {
  const LayoutSizes sizes;
  ASSERT_EQ(layout.nodes.size(), nodes);
  ASSERT_EQ(layout.edges.size(), edges.size());
  for (const auto& [from, to] : edges) EXPECT_LT(layout.nodes[from].y, layout.nodes[to].y);
  for (size_t i = 0; i < edges.size(); ++i) {
    const auto& path = layout.edges[i];
    if (path.empty()) continue;
    EXPECT_EQ(path.front().x, layout.nodes[edges[i].first].x);
    EXPECT_EQ(path.back().y, layout.nodes[edges[i].second].y);
    for (size_t k = 1; k < path.size(); ++k) EXPECT_DOUBLE_EQ(path[k].y - path[k - 1].y, sizes.layer_height);
  }
  for (size_t i = 0; i < nodes; ++i) {
    EXPECT_GE(layout.nodes[i].x, sizes.node_width / 2);
    EXPECT_LE(layout.nodes[i].x, layout.width - sizes.node_width / 2);
    for (size_t j = i + 1; j < nodes; ++j) {
      if (layout.nodes[i].y != layout.nodes[j].y) continue;
      EXPECT_GE(std::fabs(layout.nodes[i].x - layout.nodes[j].x), sizes.node_width) << i << " and " << j;
    }
  }
}

TEST(LayeredLayout, OfADiamond) {
  const Edges edges{{0, 1}, {0, 2}, {1, 3}, {2, 3}, {0, 3}};
  const LayeredLayout layout = layered_layout(4, edges);
  check(layout, 4, edges);
  EXPECT_EQ(layout.nodes[1].y, layout.nodes[2].y);
  EXPECT_LT(layout.width, 3 * LayoutSizes{}.node_width) << "nothing is left empty";
  EXPECT_EQ(layout.edges[4].size(), 3u) << "by way of the layer between";
}

TEST(LayeredLayout, PutsSourcesRightAboveTheirUse) {
  const Edges edges{{0, 2}, {2, 3}, {3, 4}, {1, 4}};
  const LayeredLayout layout = layered_layout(5, edges);
  check(layout, 5, edges);
  EXPECT_EQ(layout.nodes[1].y, layout.nodes[3].y);
}

TEST(LayeredLayout, OfNothing) {
  EXPECT_TRUE(layered_layout(0, {}).nodes.empty());
}

TEST(LayeredLayout, OfTwoThousandNodes) {
  std::mt19937 random(1);
  constexpr size_t kNodes = 2000;
  Edges edges;
  for (size_t to = 1; to < kNodes; ++to) {
    edges.emplace_back(to - 1 - random() % std::min<size_t>(to, 3), to);
    if (to > 400 && to % 7 == 0) edges.emplace_back(random() % 400, to);
  }
  const auto start = std::chrono::steady_clock::now();
  const LayeredLayout layout = layered_layout(kNodes, edges);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  check(layout, kNodes, edges);
}

}  // namespace
}  // namespace mica::tools
