// TreeEnsembleRegressor and TreeEnsembleClassifier, ai.onnx.ml 1 and 3: decision trees whose nodes are known by the ids
// of their tree and of the node; a leaf may vote for several targets. The first node of a tree is its root.
//
// A classifier of two classes all of whose votes are for one and the same has one score s, that of its second class: it
// becomes  1 - s and s  where no vote is negative and there is no transform or PROBIT, else  -s and s.  The label is
// that of the highest score. A classifier of one class keeps its score, and more than 0 (0.5 where no vote is negative)
// means yes.
#include <algorithm>
#include <limits>
#include <map>

#include "kernels/ml/features.h"
#include "kernels/ml/labels.h"
#include "kernels/ml/trees.h"
#include "kernels/op.h"
#include "kernels/reduce/stable_order.h"

namespace mica {
namespace {

struct TreeEnsembleLegacy : Classifier {
  std::vector<int64_t> node_trees, node_ids, feature_ids, true_ids, false_ids, missing_true;
  std::vector<std::string> modes;
  std::vector<float> splits;
  std::optional<Tensor> splits_tensor, weights_tensor, base_tensor;
  std::vector<int64_t> vote_trees, vote_nodes, vote_targets;
  std::vector<float> weights, base;
  int64_t targets = 1;
  std::string aggregate_name = "SUM";

  Trees trees;
  bool one_sided = false;  ///< classifier of two classes, with votes for one
  bool positive = true;    ///< no vote is negative
};

/// A list of floats, or the tensor of doubles given in its place.
std::vector<double> numbers(const std::vector<float>& list, const std::optional<Tensor>& tensor) {
  std::vector<double> result(list.begin(), list.end());
  if (!tensor) return result;
  const bool known = visit_dtype<float, double>(
      tensor->dtype(), [&]<class T>() { result.assign(tensor->as<T>().begin(), tensor->as<T>().end()); });
  if (!known) refuse_trees("numbers are " + tensor->str());
  return result;
}

using NodeKey = std::pair<int64_t, int64_t>;  // of tree and node

/// The place of every node: branches and leaves are numbered each for themselves.
std::map<NodeKey, Trees::Place> number_nodes(TreeEnsembleLegacy& op) {
  const size_t count = op.node_ids.size();
  if (count > static_cast<size_t>(std::numeric_limits<Trees::Place>::max())) refuse_trees("there are too many nodes");
  for (const auto* list : {&op.node_trees, &op.feature_ids, &op.true_ids, &op.false_ids}) {
    if (list->size() != count) refuse_trees("the attributes nodes_* have different lengths");
  }
  if (op.modes.size() != count || (!op.missing_true.empty() && op.missing_true.size() != count)) {
    refuse_trees("the attributes nodes_* have different lengths");
  }
  std::map<NodeKey, Trees::Place> places;
  std::map<int64_t, bool> seen;
  Trees::Place branches = 0, leaves = 0;
  for (size_t i = 0; i < count; ++i) {
    const Trees::Place place = op.modes[i] == "LEAF" ? ~leaves++ : branches++;
    if (!places.emplace(NodeKey{op.node_trees[i], op.node_ids[i]}, place).second) {
      refuse_trees("tree " + std::to_string(op.node_trees[i]) + " has node " + std::to_string(op.node_ids[i]) +
                   " twice");
    }
    if (!std::exchange(seen[op.node_trees[i]], true)) op.trees.roots.push_back(place);
  }
  op.trees.first_vote.resize(static_cast<size_t>(leaves) + 1);
  return places;
}

Compare compare_from_name(const std::string& name) {
  constexpr std::pair<const char*, Compare> kNames[] = {
      {"BRANCH_LEQ", Compare::LessOrEqual}, {"BRANCH_LT", Compare::Less},  {"BRANCH_GTE", Compare::GreaterOrEqual},
      {"BRANCH_GT", Compare::Greater},      {"BRANCH_EQ", Compare::Equal}, {"BRANCH_NEQ", Compare::NotEqual},
  };
  for (const auto& [known, compare] : kNames) {
    if (name == known) return compare;
  }
  refuse_trees("nodes_modes has \"" + name + "\"");
}

Trees::Place find(const std::map<NodeKey, Trees::Place>& places, int64_t tree, int64_t node) {
  const auto found = places.find({tree, node});
  if (found != places.end()) return found->second;
  refuse_trees("tree " + std::to_string(tree) + " has no node " + std::to_string(node));
}

void read_branches(TreeEnsembleLegacy& op, const std::map<NodeKey, Trees::Place>& places) {
  const auto splits = numbers(op.splits, op.splits_tensor);
  if (splits.size() != op.node_ids.size()) refuse_trees("the attributes nodes_* have different lengths");
  for (size_t i = 0; i < op.node_ids.size(); ++i) {
    if (op.modes[i] == "LEAF") continue;
    Trees::Node node;
    node.compare = compare_from_name(op.modes[i]);
    node.split = splits[i];
    node.missing_true = !op.missing_true.empty() && op.missing_true[i] != 0;
    if (op.feature_ids[i] < 0 || op.feature_ids[i] > std::numeric_limits<int32_t>::max()) {
      refuse_trees("nodes_featureids has " + std::to_string(op.feature_ids[i]));
    }
    node.feature = static_cast<uint32_t>(op.feature_ids[i]);
    node.next[0] = find(places, op.node_trees[i], op.false_ids[i]);
    node.next[1] = find(places, op.node_trees[i], op.true_ids[i]);
    op.trees.nodes.push_back(node);
  }
}

/// The votes, in the order of their leaves; those of branches do not count.
void read_votes(TreeEnsembleLegacy& op, const std::map<NodeKey, Trees::Place>& places) {
  const auto weights = numbers(op.weights, op.weights_tensor);
  const size_t count = weights.size();
  if (op.vote_trees.size() != count || op.vote_nodes.size() != count || op.vote_targets.size() != count) {
    refuse_trees("the ids and weights of votes have different lengths");
  }
  std::vector<size_t> leaves;
  std::vector<Trees::Vote> votes;
  for (size_t i = 0; i < count; ++i) {
    const Trees::Place place = find(places, op.vote_trees[i], op.vote_nodes[i]);
    if (op.vote_targets[i] < 0) refuse_trees("a leaf votes for " + std::to_string(op.vote_targets[i]));
    if (place < 0) {
      leaves.push_back(static_cast<size_t>(~place));
      votes.push_back({static_cast<size_t>(op.vote_targets[i]), weights[i]});
    }
    op.positive = op.positive && weights[i] >= 0;
  }
  const auto in_order = stable_order(static_cast<int64_t>(votes.size()), [&](int64_t a, int64_t b) {
    return leaves[static_cast<size_t>(a)] < leaves[static_cast<size_t>(b)];
  });
  for (const int64_t i : in_order) {
    op.trees.votes.push_back(votes[static_cast<size_t>(i)]);
    op.trees.first_vote[leaves[static_cast<size_t>(i)] + 1] = op.trees.votes.size();
  }
  for (size_t i = 1; i < op.trees.first_vote.size(); ++i) {
    op.trees.first_vote[i] = std::max(op.trees.first_vote[i], op.trees.first_vote[i - 1]);
  }
}

void read_trees(TreeEnsembleLegacy& op) {
  if (op.targets < 1) refuse_trees("there are " + std::to_string(op.targets) + " targets");
  op.trees.targets = static_cast<size_t>(op.targets);
  const auto places = number_nodes(op);
  read_branches(op, places);
  read_votes(op, places);
  op.trees.base = numbers(op.base, op.base_tensor);
  if (op.trees.base.size() == 1) op.trees.base.resize(op.trees.targets, op.trees.base.front());
  if (!op.trees.base.empty() && op.trees.base.size() != op.trees.targets) refuse_trees("base_values do not fit");
  op.trees.check();
}

void prepare_regressor(TreeEnsembleLegacy& op, const NodeFacts&) {
  constexpr std::pair<const char*, Aggregate> kNames[] = {
      {"SUM", Aggregate::Sum}, {"AVERAGE", Aggregate::Average}, {"MIN", Aggregate::Min}, {"MAX", Aggregate::Max}};
  const auto known = std::ranges::find(kNames, op.aggregate_name, [](const auto& entry) { return entry.first; });
  if (known == std::end(kNames)) refuse_trees("aggregate_function is \"" + op.aggregate_name + "\"");
  op.trees.aggregate = known->second;
  op.post_transform = post_transform_from_name(op.post_transform_name);
  read_trees(op);
}

void prepare_classes(TreeEnsembleLegacy& op, const NodeFacts&) {
  prepare_classifier(op);
  if (op.labels() == 0) refuse_trees("the classifier has no labels");
  op.targets = static_cast<int64_t>(op.labels());
  read_trees(op);
  const auto same = [&](int64_t target) { return target == op.vote_targets.front(); };
  op.one_sided = op.targets == 2 && !op.vote_targets.empty() && std::ranges::all_of(op.vote_targets, same);
}

void infer_regressor(const TreeEnsembleLegacy& op, InferContext& ctx) {
  ctx.set(0, DType::F32, Dims{feature_row_count(ctx, 0), op.targets});
}

void infer_classes(const TreeEnsembleLegacy& op, InferContext& ctx) {
  infer_classifier(op, ctx, op.targets);
}

void write_scores(Tensor& y, int64_t row, std::span<const double> scores) {
  float* to = y.mutable_data<float>() + row * static_cast<int64_t>(scores.size());
  std::ranges::transform(scores, to, [](double score) { return static_cast<float>(score); });
}

void run_regressor(const TreeEnsembleLegacy& op, const Operands& io) {
  predict_rows(io, op.trees, io.in(0), [&](int64_t row, std::span<double> scores) {
    transform(op.post_transform, scores);
    write_scores(io.out(0), row, scores);
  });
}

int64_t classify(const TreeEnsembleLegacy& op, std::span<double> scores) {
  if (scores.size() == 1) {
    const bool yes = scores[0] > (op.positive ? 0.5 : 0.0);
    transform(op.post_transform, scores);
    return yes ? 0 : -1;
  }
  if (op.one_sided) {
    const bool plain = op.post_transform == PostTransform::None || op.post_transform == PostTransform::Probit;
    scores[1] = scores[static_cast<size_t>(op.vote_targets.front())];
    scores[0] = (op.positive && plain ? 1 : 0) - scores[1];
  }
  transform(op.post_transform, scores);
  return best_class(scores);
}

void run_classifier(const TreeEnsembleLegacy& op, const Operands& io) {
  predict_rows(io, op.trees, io.in(0), [&](int64_t row, std::span<double> scores) {
    const int64_t label = classify(op, scores);
    if (io.wants(0)) write_label(op, io.out(0), row, label);
    if (io.wants(1)) write_scores(io.out(1), row, scores);
  });
}

using Op = TreeEnsembleLegacy;

// What the attributes of votes are called.
struct VoteNames {
  const char *trees, *nodes, *ids, *weights, *weights_tensor;
};
constexpr VoteNames kTargets{"target_treeids", "target_nodeids", "target_ids", "target_weights",
                             "target_weights_as_tensor"};
constexpr VoteNames kClasses{"class_treeids", "class_nodeids", "class_ids", "class_weights", "class_weights_as_tensor"};

OpBuilder<Op> trees(const VoteNames& votes) {
  return op<Op>()
      .input("X", kFeatureTypes)
      .output("Y")
      .attribute("nodes_treeids", &Op::node_trees)
      .attribute("nodes_nodeids", &Op::node_ids)
      .attribute("nodes_featureids", &Op::feature_ids)
      .attribute("nodes_values", &Op::splits)
      .attribute("nodes_modes", &Op::modes)
      .attribute("nodes_truenodeids", &Op::true_ids)
      .attribute("nodes_falsenodeids", &Op::false_ids)
      .attribute("nodes_missing_value_tracks_true", &Op::missing_true)
      .ignored_attribute("nodes_hitrates")
      .attribute(votes.trees, &Op::vote_trees)
      .attribute(votes.nodes, &Op::vote_nodes)
      .attribute(votes.ids, &Op::vote_targets)
      .attribute(votes.weights, &Op::weights)
      .attribute("base_values", &Op::base)
      .attribute("post_transform", &Op::post_transform_name);
}

OpBuilder<Op> regressor() {
  return trees(kTargets)
      .attribute("n_targets", &Op::targets)
      .attribute("aggregate_function", &Op::aggregate_name)
      .prepare<prepare_regressor>()
      .infer<infer_regressor>()
      .cpu<run_regressor>();
}

OpBuilder<Op> classifier() {
  return trees(kClasses)
      .optional_output("Z")
      .attribute("classlabels_int64s", &Op::labels_ints)
      .attribute("classlabels_strings", &Op::labels_strings)
      .prepare<prepare_classes>()
      .infer<infer_classes>()
      .cpu<run_classifier>();
}

OpDef* with_tensors(OpBuilder<Op> def, const VoteNames& votes) {
  return def.attribute("nodes_values_as_tensor", &Op::splits_tensor)
      .attribute("base_values_as_tensor", &Op::base_tensor)
      .attribute(votes.weights_tensor, &Op::weights_tensor)
      .ignored_attribute("nodes_hitrates_as_tensor");
}

}  // namespace

MICA_OP(TreeEnsembleRegressor, 3, ai_onnx_ml) {
  return with_tensors(regressor(), kTargets);
}

MICA_OP(TreeEnsembleRegressor, 1, ai_onnx_ml) {
  return regressor();
}

MICA_OP(TreeEnsembleClassifier, 3, ai_onnx_ml) {
  return with_tensors(classifier(), kClasses);
}

MICA_OP(TreeEnsembleClassifier, 1, ai_onnx_ml) {
  return classifier();
}

}  // namespace mica
