#include "tools/report/layered_layout.h"

#include <algorithm>
#include <cstdint>
#include <map>

namespace mica::tools {
namespace {

constexpr int kOrderSweeps = 8, kPlaceSweeps = 12;

// A place in a layer: of a node, or of an edge that goes on to a lower layer.
struct Cell {
  size_t layer = 0;
  double width = 0, x = 0;
  std::vector<size_t> above, below;  ///< cells that edges lead from and to
};

class Layering {
 public:
  Layering(size_t nodes, std::span<const std::pair<size_t, size_t>> edges, const LayoutSizes& sizes)
      : sizes_(sizes), edges_(edges), cells_(nodes) {
    assign_layers();
    for (Cell& cell : cells_) cell.width = sizes.node_width + sizes.node_gap;
    route();
    layers_.resize(layer_count_);
    for (size_t i = 0; i < cells_.size(); ++i) layers_[cells_[i].layer].push_back(i);
  }

  LayeredLayout run() {
    for (int sweep = 0; sweep < kOrderSweeps; ++sweep) order(sweep % 2 == 0);
    for (auto& layer : layers_) pack(layer);
    for (int sweep = 0; sweep < kPlaceSweeps; ++sweep) place(sweep % 2 == 0);
    return result();
  }

 private:
  // As far up as what a node needs allows; one without needs stands right above the first that uses it.
  void assign_layers() {
    std::vector<bool> has_source(cells_.size());
    std::vector<size_t> first_use(cells_.size(), SIZE_MAX);
    std::vector<std::pair<size_t, size_t>> sorted(edges_.begin(), edges_.end());
    std::ranges::sort(sorted);
    for (const auto& [from, to] : sorted) {
      cells_[to].layer = std::max(cells_[to].layer, cells_[from].layer + 1);
      has_source[to] = true;
    }
    for (const auto& [from, to] : sorted) first_use[from] = std::min(first_use[from], cells_[to].layer);
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (!has_source[i] && first_use[i] != SIZE_MAX) cells_[i].layer = first_use[i] - 1;
      layer_count_ = std::max(layer_count_, cells_[i].layer + 1);
    }
  }

  // Gives edges their places in the layers between; edges from one node share them.
  void route() {
    std::map<std::pair<size_t, size_t>, size_t> tracks;  // node and layer
    for (const auto& [from, to] : edges_) {
      std::vector<size_t>& path = paths_.emplace_back();
      const size_t first = cells_[from].layer, last = cells_[to].layer;
      if (last - first > sizes_.longest_edge) continue;
      path.push_back(from);
      for (size_t layer = first + 1; layer < last; ++layer) {
        const auto [track, is_new] = tracks.try_emplace({from, layer}, cells_.size());
        if (is_new) cells_.push_back({layer, sizes_.edge_gap, 0, {}, {}});
        path.push_back(track->second);
      }
      path.push_back(to);
      for (size_t i = 1; i < path.size(); ++i) {
        auto& below = cells_[path[i - 1]].below;
        if (std::ranges::find(below, path[i]) != below.end()) continue;
        below.push_back(path[i]);
        cells_[path[i]].above.push_back(path[i - 1]);
      }
    }
  }

  double mean_of(const std::vector<size_t>& neighbours, double otherwise) const {
    if (neighbours.empty()) return otherwise;
    double sum = 0;
    for (const size_t i : neighbours) sum += cells_[i].x;
    return sum / static_cast<double>(neighbours.size());
  }

  void for_each_layer(bool downwards, const auto& visit) {
    if (downwards) {
      for (auto& layer : layers_) visit(layer);
    } else {
      for (size_t i = layers_.size(); i-- > 0;) visit(layers_[i]);
    }
  }

  // Sorts each layer by where its neighbours stand.
  void order(bool downwards) {
    for_each_layer(downwards, [&](std::vector<size_t>& layer) {
      std::vector<std::pair<double, size_t>> wanted;
      for (const size_t i : layer) {
        wanted.emplace_back(mean_of(downwards ? cells_[i].above : cells_[i].below, cells_[i].x), i);
      }
      std::ranges::stable_sort(wanted, {}, &std::pair<double, size_t>::first);
      std::ranges::transform(wanted, layer.begin(), &std::pair<double, size_t>::second);
      pack(layer);
    });
  }

  // Side by side, around 0.
  void pack(const std::vector<size_t>& layer) {
    double width = 0;
    for (const size_t i : layer) width += cells_[i].width;
    double x = -width / 2;
    for (const size_t i : layer) {
      cells_[i].x = x + cells_[i].width / 2;
      x += cells_[i].width;
    }
  }

  // Moves each layer's cells as near below or above their neighbours as their order and widths allow: with the widths
  // taken off, a regression to increasing numbers by pooling neighbours that are out of order.
  void place(bool downwards) {
    for_each_layer(downwards, [&](const std::vector<size_t>& layer) {
      struct Pool {
        double sum;
        size_t count;
        double mean() const { return sum / static_cast<double>(count); }
      };
      std::vector<Pool> pools;
      std::vector<double> offsets;
      double offset = 0;
      for (size_t k = 0; k < layer.size(); ++k) {
        const Cell& cell = cells_[layer[k]];
        if (k > 0) offset += (cells_[layer[k - 1]].width + cell.width) / 2;
        offsets.push_back(offset);
        pools.push_back({mean_of(downwards ? cell.above : cell.below, cell.x) - offset, 1});
        while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
          const Pool last = pools.back();
          pools.pop_back();
          pools.back().sum += last.sum;
          pools.back().count += last.count;
        }
      }
      size_t k = 0;
      for (const Pool& pool : pools) {
        for (size_t n = 0; n < pool.count; ++n, ++k) cells_[layer[k]].x = pool.mean() + offsets[k];
      }
    });
  }

  LayeredLayout result() const {
    LayeredLayout layout;
    if (cells_.empty()) return layout;
    double left = cells_[0].x, right = left;
    for (const Cell& cell : cells_) {
      left = std::min(left, cell.x - cell.width / 2);
      right = std::max(right, cell.x + cell.width / 2);
    }
    const auto point = [&](size_t i) {
      return Point{cells_[i].x - left, (static_cast<double>(cells_[i].layer) + 0.5) * sizes_.layer_height};
    };
    for (size_t i = 0; i < node_count_; ++i) layout.nodes.push_back(point(i));
    for (const auto& path : paths_) {
      auto& points = layout.edges.emplace_back();
      for (const size_t i : path) points.push_back(point(i));
    }
    layout.width = right - left;
    layout.height = static_cast<double>(layer_count_) * sizes_.layer_height;
    return layout;
  }

  LayoutSizes sizes_;
  std::span<const std::pair<size_t, size_t>> edges_;
  std::vector<Cell> cells_;  ///< nodes first
  const size_t node_count_ = cells_.size();
  size_t layer_count_ = 0;
  std::vector<std::vector<size_t>> layers_, paths_;
};

}  // namespace

LayeredLayout layered_layout(size_t nodes, std::span<const std::pair<size_t, size_t>> edges, const LayoutSizes& sizes) {
  return Layering(nodes, edges, sizes).run();
}

}  // namespace mica::tools
