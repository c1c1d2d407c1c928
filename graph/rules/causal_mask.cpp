#include "graph/rules/causal_mask.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/rules/attention_mask.h"
#include "graph/rules/positions.h"
#include "runtime/base/half.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

// What a bool or a number says where it is true, or not 0.
enum class Says : uint8_t { Shown, Hidden };

Says opposite(Says says) {
  return says == Says::Shown ? Says::Hidden : Says::Shown;
}

class Finder {
 public:
  explicit Finder(Rewriter& g) : g_(g), graph_(g.graph()) {}

  std::optional<CausalMask> mask(ValueId id) {
    if (g_.type(id).dtype == DType::Bool) return flags(id, Says::Shown);
    const auto table = of_table(id);
    return table ? table : added(id);
  }

 private:
  using Sides = std::array<ValueId, 2>;  // nodes move when others are added

  const Node* producer(ValueId id) const {
    const NodeId node = id == ValueId::None ? NodeId::None : graph_.value(id).producer;
    return node != NodeId::None && graph_.node(node).domain.empty() ? &graph_.node(node) : nullptr;
  }

  // The same, as long as there are steps left.
  const Node* next(ValueId id) { return steps_-- > 0 ? producer(id) : nullptr; }

  std::optional<CausalMask> of_table(ValueId id) const {
    const MaskTable found = mask_table(graph_, id);
    const Dims* dims = dims_of(graph_, id);
    if (found.table == nullptr || dims == nullptr || dims->size() < 2) return std::nullopt;
    if (!is_causal(*found.table, g_.type(id).dtype)) return std::nullopt;
    return CausalMask{found.first_row, (*dims)[dims->size() - 2], dims->back()};
  }

  // A mask of bools that are true where it `says`.
  std::optional<CausalMask> flags(ValueId id, Says says) {
    const auto table = says == Says::Shown ? of_table(id) : std::nullopt;
    if (table) return table;
    const Node* node = next(id);
    if (node == nullptr) return std::nullopt;
    const std::string& name = node->op_type;
    if (name == "Not") return flags(node->inputs[0], opposite(says));
    if (name == (says == Says::Shown ? "And" : "Or")) return joined({node->inputs[0], node->inputs[1]}, says);
    if (name == "Equal") {
      for (const size_t side : {0, 1}) {
        if (is_filled(graph_, node->inputs[1 - side], 0)) return numbers(node->inputs[side], opposite(says));
      }
      return std::nullopt;
    }
    if (name == "Cast") {
      const bool is_flag = g_.type(node->inputs[0]).dtype == DType::Bool;
      return is_flag ? flags(node->inputs[0], says) : numbers(node->inputs[0], says);
    }
    if (name == "Trilu") return triangle(*node, says, 1);
    if (is_moving(name)) return moved(id, flags(node->inputs[0], says));
    return compared(*node, says);
  }

  // A mask of numbers that are 1 where it `says` and 0 elsewhere.
  std::optional<CausalMask> numbers(ValueId id, Says says) {
    const Node* node = next(id);
    if (node == nullptr) return std::nullopt;
    if (node->op_type == "Trilu") return triangle(*node, says, 1);
    if (is_moving(node->op_type)) return moved(id, numbers(node->inputs[0], says));
    if (node->op_type == "Sub" && is_filled(graph_, node->inputs[0], 1)) {
      return numbers(node->inputs[1], opposite(says));
    }
    if (node->op_type != "Cast") return std::nullopt;
    const bool is_flag = g_.type(node->inputs[0]).dtype == DType::Bool;
    return is_flag ? flags(node->inputs[0], says) : numbers(node->inputs[0], says);
  }

  // A mask that is added to scores.
  std::optional<CausalMask> added(ValueId id) {
    const Node* node = next(id);
    if (node == nullptr || !is_float(g_.type(id).dtype)) return std::nullopt;
    const std::string& name = node->op_type;
    if (name == "Where") {
      for (const size_t shown : {1, 2}) {
        const auto fill = hiding_number(node->inputs[3 - shown], 1);
        if (!fill || !is_filled(graph_, node->inputs[shown], 0)) continue;
        return hidden_by(*fill, flags(node->inputs[0], shown == 1 ? Says::Shown : Says::Hidden));
      }
      return std::nullopt;
    }
    if (name == "Mul" || name == "Neg") return penalty(*node, 1);
    if (name == "Add") return sum({node->inputs[0], node->inputs[1]});
    if (name == "Trilu") {
      const auto fill = hiding_number(node->inputs[0], 1);
      return fill ? triangle(*node, Says::Hidden, *fill) : std::nullopt;
    }
    if (name == "Cast") return is_float(g_.type(node->inputs[0]).dtype) ? added(node->inputs[0]) : std::nullopt;
    return is_moving(name) ? moved(id, mask(node->inputs[0])) : std::nullopt;
  }

  // 1 where hidden, times a large number; `sign` times that hides.
  std::optional<CausalMask> penalty(const Node& node, int sign) {
    if (node.op_type == "Neg") {
      const Node* inner = next(node.inputs[0]);
      return inner != nullptr && inner->op_type == "Mul" ? penalty(*inner, -sign) : std::nullopt;
    }
    for (const size_t side : {0, 1}) {
      const auto fill = hiding_number(node.inputs[1 - side], sign);
      if (!fill || std::isinf(*fill)) continue;  // 0 times that is NaN
      return hidden_by(*fill, numbers(node.inputs[side], Says::Hidden));
    }
    return std::nullopt;
  }

  std::optional<CausalMask> compared(const Node& node, Says says) const {
    const bool turned = node.op_type.starts_with("Greater");  // a > b is b < a
    if (!turned && !node.op_type.starts_with("Less")) return std::nullopt;
    const auto low = positions(graph_, node.inputs[turned ? 1 : 0]);
    const auto high = positions(graph_, node.inputs[turned ? 0 : 1]);
    if (!low || !high) return std::nullopt;
    const Dim strict = node.op_type.ends_with("OrEqual") ? 0 : 1;
    // column + low.first + strict <= row + high.first is what is shown,
    if (says == Says::Shown && low->axis_from_back == 1 && high->axis_from_back == 2) {
      return CausalMask{high->first - low->first - strict, high->count, low->count};
    }
    // row + low.first + strict <= column + high.first what is hidden.
    if (says == Says::Hidden && low->axis_from_back == 2 && high->axis_from_back == 1) {
      return CausalMask{low->first - high->first + strict - 1, low->count, high->count};
    }
    return std::nullopt;
  }

  // The upper triangle, above a diagonal, of a matrix of this number hides; the lower one shows.
  std::optional<CausalMask> triangle(const Node& trilu, Says says, double number) const {
    const bool upper = attribute(trilu, "upper", 1) != 0;
    const Dims* dims = dims_of(graph_, trilu.outputs[0]);
    if (upper != (says == Says::Hidden) || dims == nullptr || dims->size() < 2) return std::nullopt;
    if (!is_filled(graph_, trilu.inputs[0], number)) return std::nullopt;
    const ValueId k = input_of(trilu, 1);
    const auto diagonal = k == ValueId::None ? std::optional<Dim>(0) : whole_number(graph_, k);
    if (!diagonal) return std::nullopt;
    return CausalMask{upper ? *diagonal - 1 : *diagonal, (*dims)[dims->size() - 2], dims->back()};
  }

  // What is shown by both, or hidden by either.
  std::optional<CausalMask> joined(Sides sides, Says says) {
    for (const size_t side : {0, 1}) {
      auto found = flags(sides[side], says);
      if (!found) continue;
      const ValueId other = sides[1 - side];
      if (is_filled(graph_, other, says == Says::Shown ? 1 : 0)) return found;
      const Dims* dims = dims_of(graph_, other);
      if (dims == nullptr || dims->size() < 2 || !same_where_valid(dims->back(), found->columns)) return std::nullopt;
      const ValueId shown = says == Says::Shown ? other : g_.add("Not", 1, {other});
      found->rest = found->rest == ValueId::None ? shown : g_.add("And", 7, {found->rest, shown});
      return found->rest == ValueId::None ? std::nullopt : found;
    }
    return std::nullopt;
  }

  // A causal mask and something else that is added to the scores.
  std::optional<CausalMask> sum(Sides sides) {
    for (const size_t side : {0, 1}) {
      auto found = mask(sides[side]);
      if (!found || found->rest != ValueId::None) continue;
      const ValueId other = sides[1 - side];
      const Dims* dims = dims_of(graph_, other);
      if (dims == nullptr || dims->size() < 2 || !same_where_valid(dims->back(), found->columns)) continue;
      if (!is_infinite(sides[side]) && !is_small(other)) continue;
      found->rest = other;
      return found;
    }
    return std::nullopt;
  }

  // Where nothing else hides keys each row has one that is shown, beside which those with a large negative number
  // vanish. A row that is hidden as a whole, and not by -inf, is the mean of all values.
  static std::optional<CausalMask> hidden_by(double fill, std::optional<CausalMask> found) {
    const bool whole_rows = found && found->rest != ValueId::None && !std::isinf(fill);
    return whole_rows ? std::nullopt : found;
  }

  // The one number of a tensor, times `sign`, when what it is added to vanishes in a softmax.
  std::optional<double> hiding_number(ValueId id, int sign) const {
    if (is_filled(graph_, id, -INFINITY * sign)) return -INFINITY;
    while (const Node* node = producer(id)) {
      if (is_constant(graph_, id) || !is_moving(node->op_type)) break;
      id = node->inputs[0];
    }
    const auto value = is_constant(graph_, id) ? number(graph_.value(id).constant) : std::nullopt;
    return value && *value * sign <= kHidingNumber ? std::optional(*value * sign) : std::nullopt;
  }

  // Whether a mask that is added holds -inf, not another number, for what it hides.
  bool is_infinite(ValueId id) {
    if (is_constant(graph_, id)) return false;
    const Node* node = next(id);
    if (node == nullptr) return false;
    if (node->op_type == "Where") {
      return is_filled(graph_, node->inputs[1], -INFINITY) || is_filled(graph_, node->inputs[2], -INFINITY);
    }
    if (node->op_type == "Trilu") return is_filled(graph_, node->inputs[0], -INFINITY);
    return (node->op_type == "Cast" || is_moving(node->op_type)) && is_infinite(node->inputs[0]);
  }

  // Whether all elements are known to be far from the numbers that hide, as those of a table of weights.
  bool is_small(ValueId id) {
    constexpr double kSmall = -kHidingNumber / 100;
    if (is_constant(graph_, id)) {
      const Tensor& table = graph_.value(id).constant;
      bool small = false;
      visit_dtype<float, Half, BFloat16>(table.dtype(), [&]<class T>() {
        int64_t count = 0;
        while (count < table.elements() && std::abs(static_cast<float>(element_at<T>(table, count))) <= kSmall) ++count;
        small = count == table.elements();
      });
      return small;
    }
    const Node* node = next(id);
    if (node == nullptr) return false;
    const bool selects = node->op_type == "Gather" || node->op_type == "Slice" || node->op_type == "Transpose";
    return (selects || is_moving(node->op_type)) && is_small(node->inputs[0]);
  }

  static bool is_moving(const std::string& name) {
    static constexpr std::array<std::string_view, 5> kMoving{"Expand", "Reshape", "Unsqueeze", "Squeeze", "Flatten"};
    return std::ranges::find(kMoving, name) != kMoving.end();
  }

  // A mask that is reshaped, or repeated along the axes before its rows.
  std::optional<CausalMask> moved(ValueId id, std::optional<CausalMask> found) const {
    const Dims* dims = dims_of(graph_, id);
    if (!found || dims == nullptr || dims->size() < 2) return std::nullopt;
    const bool whole = (*dims)[dims->size() - 2] == found->rows && dims->back() == found->columns;
    if (!whole) return std::nullopt;
    const Node& node = *producer(id);
    if (node.op_type == "Expand") return found;
    const auto is_one = [](const Dim& dim) { return dim.is(1); };
    const bool one_matrix = std::all_of(dims->begin(), dims->end() - 2, is_one);
    return one_matrix && found->rest == ValueId::None ? found : std::nullopt;
  }

  Rewriter& g_;
  const Graph& graph_;
  // Exporters write a handful of nodes between the comparison and the attention; other graphs may have very many ways
  // from the one to the other.
  int steps_ = 64;
};

}  // namespace

std::optional<CausalMask> causal_mask(Rewriter& g, ValueId mask) {
  return Finder(g).mask(mask);
}

}  // namespace mica
