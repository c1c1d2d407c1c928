// TreeEnsemble, ai.onnx.ml 5: the aggregates of decision trees for each target. Every leaf votes for one target.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/ml/features.h"
#include "kernels/ml/scores.h"
#include "kernels/ml/trees.h"
#include "kernels/op.h"
#include "kernels/wide.h"

namespace mica {
namespace {

struct TreeEnsemble {
  int64_t aggregate_function = 1, post_transform = 0, n_targets = 1;
  std::vector<int64_t> tree_roots, feature_ids, true_ids, false_ids, true_leafs, false_leafs, missing_true,
      leaf_targets;
  Tensor nodes_modes, nodes_splits, leaf_weights;
  std::optional<Tensor> membership_values;

  Trees trees;
};

std::vector<double> numbers(const Tensor& tensor) {
  std::vector<double> result;
  const bool known = visit_dtype<float, double, Half, uint8_t>(tensor.dtype(), [&]<class T>() {
    for (const T value : tensor.as<T>()) result.push_back(static_cast<double>(static_cast<Wide<T>>(value)));
  });
  if (!known) refuse_trees("numbers are " + tensor.str());
  return result;
}

size_t checked(int64_t index, size_t count, const char* what) {
  if (index < 0 || static_cast<size_t>(index) >= count) {
    refuse_trees(std::string(what) + " has " + std::to_string(index) + ", there are " + std::to_string(count));
  }
  return static_cast<size_t>(index);
}

// The sets of members follow one another in the order of the nodes that test for them, a NaN behind each.
void read_members(const TreeEnsemble& op, Trees& trees) {
  const auto values = op.membership_values ? numbers(*op.membership_values) : std::vector<double>{};
  auto next = values.begin();
  for (Trees::Node& node : trees.nodes) {
    if (node.compare != Compare::Member) continue;
    const auto end = std::find_if(next, values.end(), [](double value) { return std::isnan(value); });
    if (end == values.end() && next == end) refuse_trees("membership_values has too few sets");
    node.set = static_cast<uint32_t>(trees.sets.size());
    trees.sets.emplace_back(next, end);
    next = end == values.end() ? end : end + 1;
  }
}

void read_leaves(const TreeEnsemble& op, Trees& trees) {
  const auto weights = numbers(op.leaf_weights);
  if (op.leaf_targets.size() != weights.size()) {
    refuse_trees("leaf_targetids and leaf_weights have different lengths");
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    trees.first_vote.push_back(i);
    trees.votes.push_back({checked(op.leaf_targets[i], trees.targets, "leaf_targetids"), weights[i]});
  }
  trees.first_vote.push_back(weights.size());
}

void prepare(TreeEnsemble& op, const NodeFacts&) {
  const auto modes = numbers(op.nodes_modes);
  const auto splits = numbers(op.nodes_splits);
  const size_t count = modes.size();
  for (const auto* list : {&op.feature_ids, &op.true_ids, &op.false_ids, &op.true_leafs, &op.false_leafs}) {
    if (list->size() != count) refuse_trees("the attributes nodes_* have different lengths");
  }
  if (splits.size() != count || (!op.missing_true.empty() && op.missing_true.size() != count)) {
    refuse_trees("the attributes nodes_* have different lengths");
  }
  if (op.n_targets < 1 || op.aggregate_function < 0 || op.aggregate_function > 3 || op.post_transform < 0 ||
      op.post_transform > 4) {
    refuse_trees("n_targets, aggregate_function or post_transform is out of range");
  }
  Trees& trees = op.trees;
  trees.targets = static_cast<size_t>(op.n_targets);
  trees.aggregate = static_cast<Aggregate>(op.aggregate_function);
  read_leaves(op, trees);
  constexpr size_t kMost = std::numeric_limits<Trees::Place>::max();
  const auto place = [&](int64_t index, bool leaf, const char* what) {
    const size_t i = checked(index, std::min(kMost, leaf ? trees.leaves() : count), what);
    return leaf ? ~static_cast<Trees::Place>(i) : static_cast<Trees::Place>(i);
  };
  for (size_t i = 0; i < count; ++i) {
    Trees::Node node;
    if (!(modes[i] >= 0 && modes[i] <= 6)) refuse_trees("nodes_modes has " + std::to_string(modes[i]));
    node.compare = static_cast<Compare>(static_cast<int>(modes[i]));
    node.missing_true = !op.missing_true.empty() && op.missing_true[i] != 0;
    node.split = splits[i];
    node.feature = static_cast<uint32_t>(checked(op.feature_ids[i], kMost, "nodes_featureids"));
    node.next[0] = place(op.false_ids[i], op.false_leafs[i] != 0, "nodes_falsenodeids");
    node.next[1] = place(op.true_ids[i], op.true_leafs[i] != 0, "nodes_truenodeids");
    trees.nodes.push_back(node);
  }
  for (const int64_t root : op.tree_roots) trees.roots.push_back(place(root, false, "tree_roots"));
  read_members(op, trees);
  trees.check();
}

void infer(const TreeEnsemble& op, InferContext& ctx) {
  ctx.set(0, ctx.dtype(0), Dims{feature_row_count(ctx, 0), op.n_targets});
}

void run_cpu(const TreeEnsemble& op, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  if (y.elements() != FeatureRows(x).count * op.n_targets)
    bad_input("the output is " + y.str() + ", the input " + x.str());
  visit_dtype<float, double, Half, BFloat16>(x.dtype(), [&]<class T>() {
    predict_rows(io, op.trees, x, [&](int64_t row, std::span<double> scores) {
      transform(static_cast<PostTransform>(op.post_transform), scores);
      T* to = y.mutable_data<T>() + row * op.n_targets;
      for (const double score : scores) *to++ = static_cast<T>(static_cast<Wide<T>>(score));
    });
  });
}

}  // namespace

MICA_OP(TreeEnsemble, 5, ai_onnx_ml) {
  return op<TreeEnsemble>()
      .input("X", types::floats)
      .output("Y")
      .attribute("aggregate_function", &TreeEnsemble::aggregate_function)
      .attribute("post_transform", &TreeEnsemble::post_transform)
      .attribute("n_targets", &TreeEnsemble::n_targets)
      .required("tree_roots", &TreeEnsemble::tree_roots)
      .required("nodes_featureids", &TreeEnsemble::feature_ids)
      .required("nodes_truenodeids", &TreeEnsemble::true_ids)
      .required("nodes_falsenodeids", &TreeEnsemble::false_ids)
      .required("nodes_trueleafs", &TreeEnsemble::true_leafs)
      .required("nodes_falseleafs", &TreeEnsemble::false_leafs)
      .attribute("nodes_missing_value_tracks_true", &TreeEnsemble::missing_true)
      .required("leaf_targetids", &TreeEnsemble::leaf_targets)
      .required("nodes_modes", &TreeEnsemble::nodes_modes)
      .required("nodes_splits", &TreeEnsemble::nodes_splits)
      .required("leaf_weights", &TreeEnsemble::leaf_weights)
      .attribute("membership_values", &TreeEnsemble::membership_values)
      .ignored_attribute("nodes_hitrates")
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
