// TreeEnsemble, ai.onnx.ml 5: each row of features walks down every tree, and the leaves it comes to are aggregated for
// each target.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/op.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

enum class Compare : uint8_t { LessOrEqual, Less, GreaterOrEqual, Greater, Equal, NotEqual, Member };
enum class Aggregate : int64_t { Average, Sum, Min, Max };
enum class Transform : int64_t { None, Softmax, Logistic, SoftmaxZero, Probit };

struct TreeEnsemble {
  int64_t aggregate_function = 1, post_transform = 0, n_targets = 1;
  std::vector<int64_t> tree_roots, feature_ids, true_ids, false_ids, true_leafs, false_leafs, missing_true,
      leaf_targets;
  Tensor nodes_modes, nodes_splits, leaf_weights;
  std::optional<Tensor> membership_values;

  struct Node {
    Compare compare = Compare::LessOrEqual;
    bool missing_true = false;
    double split = 0;
    size_t feature = 0;
    std::vector<double> members;
    size_t next[2] = {0, 0};  ///< where false and true lead: a node or a leaf
    bool leaf[2] = {false, false};
  };
  std::vector<Node> nodes;
  std::vector<double> weights;
  size_t features = 0;  ///< how many the nodes ask for
};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::InvalidModel, message);
}

std::vector<double> numbers(const Tensor& tensor) {
  std::vector<double> result;
  const bool known = visit_dtype<float, double, Half, uint8_t>(tensor.dtype(), [&]<class T>() {
    for (const T value : tensor.as<T>()) result.push_back(static_cast<double>(static_cast<float>(value)));
    if constexpr (std::is_same_v<T, double>) result.assign(tensor.data<T>(), tensor.data<T>() + tensor.elements());
  });
  if (!known) refuse("numbers are " + tensor.str());
  return result;
}

size_t checked(int64_t index, size_t count, const char* what) {
  if (index < 0 || static_cast<size_t>(index) >= count) {
    refuse(std::string(what) + " has " + std::to_string(index) + ", there are " + std::to_string(count));
  }
  return static_cast<size_t>(index);
}

// The sets of members follow one another in the order of the nodes that test for them, a NaN behind each.
void read_members(TreeEnsemble& op) {
  const auto values = op.membership_values ? numbers(*op.membership_values) : std::vector<double>{};
  auto next = values.begin();
  for (TreeEnsemble::Node& node : op.nodes) {
    if (node.compare != Compare::Member) continue;
    const auto end = std::find_if(next, values.end(), [](double value) { return std::isnan(value); });
    if (end == values.end() && next == end) refuse("membership_values has too few sets");
    node.members.assign(next, end);
    next = end == values.end() ? end : end + 1;
  }
}

void prepare(TreeEnsemble& op, const NodeFacts&) {
  const auto modes = numbers(op.nodes_modes);
  const auto splits = numbers(op.nodes_splits);
  op.weights = numbers(op.leaf_weights);
  const size_t count = modes.size();
  for (const auto* list : {&op.feature_ids, &op.true_ids, &op.false_ids, &op.true_leafs, &op.false_leafs}) {
    if (list->size() != count) refuse("the attributes nodes_* have different lengths");
  }
  if (splits.size() != count || (!op.missing_true.empty() && op.missing_true.size() != count)) {
    refuse("the attributes nodes_* have different lengths");
  }
  if (op.leaf_targets.size() != op.weights.size()) refuse("leaf_targetids and leaf_weights have different lengths");
  if (op.n_targets < 1 || op.aggregate_function < 0 || op.aggregate_function > 3 || op.post_transform < 0 ||
      op.post_transform > 4) {
    refuse("n_targets, aggregate_function or post_transform is out of range");
  }
  for (const int64_t target : op.leaf_targets) checked(target, static_cast<size_t>(op.n_targets), "leaf_targetids");
  for (const int64_t root : op.tree_roots) checked(root, count, "tree_roots");
  for (size_t i = 0; i < count; ++i) {
    TreeEnsemble::Node node;
    if (!(modes[i] >= 0 && modes[i] <= 6)) refuse("nodes_modes has " + std::to_string(modes[i]));
    node.compare = static_cast<Compare>(static_cast<int>(modes[i]));
    node.missing_true = !op.missing_true.empty() && op.missing_true[i] != 0;
    node.split = splits[i];
    node.feature = checked(op.feature_ids[i], size_t{1} << 40, "nodes_featureids");
    node.leaf[0] = op.false_leafs[i] != 0;
    node.leaf[1] = op.true_leafs[i] != 0;
    node.next[0] = checked(op.false_ids[i], node.leaf[0] ? op.weights.size() : count, "nodes_falsenodeids");
    node.next[1] = checked(op.true_ids[i], node.leaf[1] ? op.weights.size() : count, "nodes_truenodeids");
    op.features = std::max(op.features, node.feature + 1);
    op.nodes.push_back(std::move(node));
  }
  read_members(op);
}

bool holds(const TreeEnsemble::Node& node, double value) {
  if (std::isnan(value) && node.missing_true) return true;
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
  return std::ranges::find(node.members, value) != node.members.end();
}

template <class T>
size_t leaf_of(const TreeEnsemble& op, size_t root, const T* row) {
  size_t at = root;
  for (size_t steps = 0; steps < op.nodes.size(); ++steps) {
    const TreeEnsemble::Node& node = op.nodes[at];
    const double value = std::is_same_v<T, double> ? static_cast<double>(row[node.feature])
                                                   : static_cast<double>(static_cast<float>(row[node.feature]));
    const size_t side = holds(node, value) ? 1 : 0;
    at = node.next[side];
    if (node.leaf[side]) return at;
  }
  bad_input("a tree has a cycle");
}

// The inverse of the normal distribution's integral, by Winitzki's approximation of the inverse error function.
double probit(double p) {
  const double x = 2 * p - 1;
  const double log = std::log((1 - x) * (1 + x));
  const double v = 2 / (3.14159 * 0.147) + 0.5 * log;
  return 1.41421356 * std::copysign(std::sqrt(-v + std::sqrt(v * v - log / 0.147)), x);
}

void transform(Transform kind, std::span<double> scores) {
  if (kind == Transform::Softmax || kind == Transform::SoftmaxZero) {
    const double most = *std::ranges::max_element(scores);
    const bool keep_zeros = kind == Transform::SoftmaxZero;
    double sum = 0;
    for (double& score : scores) sum += score = keep_zeros && score == 0 ? 0 : std::exp(score - most);
    for (double& score : scores) score = sum > 0 ? score / sum : score;
  }
  for (double& score : scores) {
    if (kind == Transform::Logistic) score = 1 / (1 + std::exp(-score));
    if (kind == Transform::Probit) score = probit(score);
  }
}

template <class T>
void predict(const TreeEnsemble& op, const T* row, std::span<double> scores) {
  const auto aggregate = static_cast<Aggregate>(op.aggregate_function);
  const double start = aggregate == Aggregate::Min   ? std::numeric_limits<float>::max()
                       : aggregate == Aggregate::Max ? std::numeric_limits<float>::lowest()
                                                     : 0;
  std::ranges::fill(scores, start);
  for (const int64_t root : op.tree_roots) {
    const size_t leaf = leaf_of(op, static_cast<size_t>(root), row);
    double& score = scores[static_cast<size_t>(op.leaf_targets[leaf])];
    const double weight = op.weights[leaf];
    if (aggregate == Aggregate::Min) score = std::min(score, weight);
    if (aggregate == Aggregate::Max) score = std::max(score, weight);
    if (aggregate == Aggregate::Sum) score += weight;
    if (aggregate == Aggregate::Average) score += weight / static_cast<double>(op.tree_roots.size());
  }
  transform(static_cast<Transform>(op.post_transform), scores);
}

void infer(const TreeEnsemble& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims != nullptr && dims->size() != 2) ctx.fail("the input must be [N,F], not " + str(*dims));
  ctx.set(0, ctx.dtype(0), Dims{dims != nullptr ? dims->front() : ctx.unknown(), op.n_targets});
}

void run_cpu(const TreeEnsemble& op, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  if (x.shape().rank() != 2 || x.shape()[1] < static_cast<int64_t>(op.features) ||
      y.elements() != x.shape()[0] * op.n_targets) {
    bad_input("the trees ask for " + std::to_string(op.features) + " features, the input is " + x.str());
  }
  const std::span<double> scores(io.scratch<double>(op.n_targets), static_cast<size_t>(op.n_targets));
  visit_dtype<float, double, Half>(x.dtype(), [&]<class T>() {
    T* to = y.mutable_data<T>();
    for (int64_t row = 0; row < x.shape()[0]; ++row) {
      predict(op, x.data<T>() + row * x.shape()[1], scores);
      for (const double score : scores)
        *to++ = T(static_cast<std::conditional_t<std::is_same_v<T, double>, double, float>>(score));
    }
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
