#include "kernels/ml/trees.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/cpu/thread_pool.h"
#include "kernels/ml/features.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

bool holds(const Trees& trees, const Trees::Node& node, double value) {
  if (std::isnan(value)) return node.missing_true;
  switch (node.compare) {
    case Compare::LessOrEqual:
      return value <= node.split;
    case Compare::Less:
      return value < node.split;
    case Compare::GreaterOrEqual:
      return value >= node.split;
    case Compare::Greater:
      return value > node.split;
    case Compare::Equal:
      return value == node.split;
    case Compare::NotEqual:
      return value != node.split;
    case Compare::Member:
      break;
  }
  return std::ranges::find(trees.sets[node.set], value) != trees.sets[node.set].end();
}

template <class T>
double as_double(T value) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    return static_cast<double>(static_cast<float>(value));
  } else {
    return static_cast<double>(value);
  }
}

}  // namespace

void refuse_trees(const std::string& message) {
  throw Error(ErrorCode::InvalidModel, message);
}

void Trees::check() {
  const auto check_place = [&](Place place) {
    const size_t count = place >= 0 ? nodes.size() : leaves();
    if (static_cast<size_t>(place >= 0 ? place : ~place) >= count) refuse_trees("a node leads to what does not exist");
  };
  for (const Place root : roots) check_place(root);
  for (const Node& node : nodes) {
    for (const Place next : node.next) check_place(next);
    features = std::max<int64_t>(features, int64_t{node.feature} + 1);
  }
  for (const Vote& vote : votes) {
    if (vote.target >= targets) {
      refuse_trees("a leaf votes for target " + std::to_string(vote.target) + ", there are " + std::to_string(targets));
    }
  }
  // A walk in depth that meets a node it is still below of has gone round in a circle.
  enum class State : uint8_t { New, Open, Done };
  std::vector<State> states(nodes.size(), State::New);
  std::vector<Place> path;
  for (const Place root : roots) {
    if (root >= 0) path.push_back(root);
    while (!path.empty()) {
      const size_t at = static_cast<size_t>(path.back());
      if (states[at] != State::New) {
        states[at] = State::Done;
        path.pop_back();
        continue;
      }
      states[at] = State::Open;
      for (const Place next : nodes[at].next) {
        if (next < 0) continue;
        const State state = states[static_cast<size_t>(next)];
        if (state == State::Open) refuse_trees("a tree has a cycle");
        if (state == State::New) path.push_back(next);
      }
    }
  }
}

template <class T>
void Trees::predict(const T* row, std::span<double> scores, bool* voted) const {
  std::ranges::fill(scores, 0.0);
  std::fill_n(voted, scores.size(), false);
  for (const Place root : roots) {
    Place at = root;
    while (at >= 0) {
      const Node& node = nodes[static_cast<size_t>(at)];
      at = node.next[holds(*this, node, as_double(row[node.feature])) ? 1 : 0];
    }
    const size_t leaf = static_cast<size_t>(~at);
    for (size_t i = first_vote[leaf]; i < first_vote[leaf + 1]; ++i) {
      const auto [target, weight] = votes[i];
      double& score = scores[target];
      if (aggregate == Aggregate::Sum || aggregate == Aggregate::Average) {
        score += weight;
      } else if (!voted[target] || (aggregate == Aggregate::Min ? weight < score : weight > score)) {
        score = weight;
      }
      voted[target] = true;
    }
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    if (aggregate == Aggregate::Average && !roots.empty()) scores[i] /= static_cast<double>(roots.size());
    if (!base.empty()) scores[i] += base[i];
  }
}

void predict_rows(const Operands& io, const Trees& trees, const Tensor& x,
                  FunctionRef<void(int64_t row, std::span<double> scores)> f) {
  const FeatureRows rows(x);
  if (rows.width < trees.features) {
    bad_input("the trees ask for " + std::to_string(trees.features) + " features, the input is " + x.str());
  }
  const int64_t targets = static_cast<int64_t>(trees.targets);
  const int64_t parts = std::clamp<int64_t>(rows.count, 1, io.threads().threads());
  double* scores = io.scratch<double>(parts * targets);
  bool* voted = io.scratch<bool>(parts * targets);
  visit_dtype<float, double, Half, BFloat16, int32_t, int64_t>(x.dtype(), [&]<class T>() {
    io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
      const std::span<double> own(scores + begin * targets, trees.targets);
      for (int64_t row = begin * rows.count / parts; row < end * rows.count / parts; ++row) {
        trees.predict(x.data<T>() + row * rows.width, own, voted + begin * targets);
        f(row, own);
      }
    });
  });
}

}  // namespace mica
