#include "tools/inputs/valid_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "tools/inputs/names.h"
#include "tools/inputs/operand_use.h"
#include "tools/statistics.h"

namespace mica::tools {
namespace {

// A value whose elements are those of the input times `factor`, plus something between `low` and `high`.
struct Image {
  const Graph* graph;
  ValueId id;
  double factor = 1, low = 0, high = 0;
};

struct Interval {
  double low, high;
};

// Operators whose output has elements of input `input` (any one where it is kAll), unchanged.
constexpr size_t kAll = SIZE_MAX;
constexpr std::pair<std::string_view, size_t> kPassing[] = {
    {"Cast", 0},      {"CastLike", 0},  {"Compress", 0},       {"Concat", kAll}, {"Expand", 0},    {"Flatten", 0},
    {"Gather", 0},    {"GatherND", 0},  {"GatherElements", 0}, {"Identity", 0},  {"Optional", 0},  {"Reshape", 0},
    {"Slice", 0},     {"Split", 0},     {"Squeeze", 0},        {"Tile", 0},      {"Transpose", 0}, {"Unsqueeze", 0},
    {"ReduceMax", 0}, {"ReduceMin", 0}, {"Where", 1},          {"Where", 2},     {"Clip", 0},      {"Pad", 0},
};

bool passes(const Node& node, size_t input) {
  return std::ranges::any_of(kPassing, [&](const auto& entry) {
    return entry.first == node.op_type && (entry.second == kAll || entry.second == input);
  });
}

// The smallest and the largest element of a constant.
std::optional<Interval> constant_interval(const Graph& graph, ValueId id) {
  if (id == ValueId::None) return std::nullopt;
  const Tensor& constant = graph.value(id).constant;
  if (!constant.defined() || constant.elements() == 0) return std::nullopt;
  const ElementStatistics of = element_statistics(constant);
  return of.min && of.nans == 0 ? std::optional(Interval{*of.min, *of.max}) : std::nullopt;
}

// By its name, where the graph does not tell: masks let everything through, lengths are those of the other inputs.
ValidValues named_values(const Graph& graph, const Value& value) {
  if (has_word(value.name, "mask")) return {ValidValues::Kind::List, 0, 0, {1}};
  if (!has_word(value.name, "len") || !is_int(value.type.dtype)) return {};
  for (const ValueId id : graph.inputs) {
    const Dims* dims = dims_of(graph, id);
    if (dims == nullptr || dims->size() < 2 || graph.value(id).name == value.name || !(*dims)[1].is_constant())
      continue;
    return {ValidValues::Kind::List, 0, 0, {static_cast<double>((*dims)[1].value())}};
  }
  return {};
}

class Search {
 public:
  ValidValues run(const Graph& graph, ValueId input) {
    visit({&graph, input});
    while (!open_.empty()) {
      const Image image = open_.front();
      open_.pop_front();
      for (const Use& use : image.graph->uses(image.id)) follow(image, use);
    }
    if (demanded_.kind != ValidValues::Kind::Any) return demanded_;
    if (ValidValues named = named_values(graph, graph.value(input)); named.kind != ValidValues::Kind::Any) return named;
    return compared_.empty() ? ValidValues{} : ValidValues{ValidValues::Kind::List, 0, 0, {*compared_.begin()}};
  }

 private:
  void visit(const Image& image) {
    if (seen_.emplace(image.graph, image.id).second) open_.push_back(image);
  }

  void follow(const Image& image, const Use& use) {
    const Node& node = image.graph->node(use.node);
    if (use.index >= node.formal_inputs) {
      enter_subgraphs(image, node, use.index - node.formal_inputs);
      return;
    }
    restrict(image, demanded_values({*image.graph, node, use.index}));
    if (passes(node, use.index)) {
      pass_on(image, node, 1, {0, 0});
    } else if (node.op_type == "Neg") {
      pass_on(image, node, -1, {0, 0});
    } else if (combines(node)) {
      if (const auto other = constant_interval(*image.graph, node.inputs[1 - use.index])) {
        combine(image, node, use.index == 0, *other);
      }
    }
  }

  void enter_subgraphs(const Image& image, const Node& node, size_t capture) {
    for (const Subgraph& sub : node.subgraphs) {
      const ValueId inner = sub.graph->captures[capture];
      if (inner != ValueId::None) visit({sub.graph.get(), inner, image.factor, image.low, image.high});
    }
  }

  // What `combine` makes use of. Of other operators the constant may be all of a model's weights, which nobody need
  // read.
  static bool combines(const Node& node) {
    static constexpr std::array<std::string_view, 4> kOperators = {"Add", "Sub", "Mul", "Equal"};
    return node.formal_inputs == 2 && std::ranges::find(kOperators, node.op_type) != kOperators.end();
  }

  void combine(const Image& image, const Node& node, bool is_first, const Interval& constant) {
    if (node.op_type == "Add") {
      pass_on(image, node, 1, constant);
    } else if (node.op_type == "Sub" && is_first) {
      pass_on(image, node, 1, {-constant.high, -constant.low});
    } else if (node.op_type == "Sub") {
      pass_on(image, node, -1, constant);
    } else if (constant.low != constant.high) {
      return;
    } else if (node.op_type == "Mul") {
      pass_on(image, node, constant.low, {0, 0});
    } else if (node.op_type == "Equal" && image.factor != 0 && image.low == image.high) {
      compared_.insert((constant.low - image.low) / image.factor);
    }
  }

  // The node's outputs are the image times `factor` plus something of `added`.
  void pass_on(const Image& image, const Node& node, double factor, const Interval& added) {
    const auto [low, high] = std::minmax({factor * image.low, factor * image.high});
    for (const ValueId output : node.outputs) {
      if (output == ValueId::None) continue;
      visit({image.graph, output, factor * image.factor, low + added.low, high + added.high});
    }
  }

  // Takes in what an image may be; ranges are narrowed, and weigh more than lists.
  void restrict(const Image& image, ValidValues values) {
    using Kind = ValidValues::Kind;
    if (values.kind == Kind::Any || image.factor == 0 || !std::isfinite(image.factor)) return;
    for (double& element : values.list) element = (element - image.low) / image.factor;
    values.low = (values.low - image.low) / image.factor;
    values.high = (values.high - image.high) / image.factor;
    if (values.low > values.high) std::swap(values.low, values.high);
    if (demanded_.kind != Kind::Range) {
      if (demanded_.kind == Kind::Any || values.kind == Kind::Range) demanded_ = std::move(values);
      return;
    }
    const double low = std::max(values.low, demanded_.low), high = std::min(values.high, demanded_.high);
    if (values.kind != Kind::Range || low > high) return;
    demanded_.low = low;
    demanded_.high = high;
  }

  std::deque<Image> open_;
  std::set<std::pair<const Graph*, ValueId>> seen_;
  ValidValues demanded_;
  std::set<double> compared_;
};

}  // namespace

ValidValues valid_values(const Graph& graph, ValueId input) {
  return Search().run(graph, input);
}

}  // namespace mica::tools
