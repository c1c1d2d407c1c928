#include "graph/rules/attention_mask.h"

#include <algorithm>
#include <optional>

#include "graph/edit.h"
#include "graph/facts.h"
#include "runtime/base/half.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

// The bounds of a Slice as expressions; nullopt when they are not known.
std::optional<Dims> starts_of(const Graph& graph, const Node& slice) {
  if (const auto starts = integers(graph, slice, "starts", 1)) return Dims(starts->begin(), starts->end());
  const ValueId input = input_of(slice, 1);
  return input == ValueId::None ? std::nullopt : graph.value(input).contents;
}

// Takes a Slice into account that is made before the others: false when it is not one of rows, or of columns from the
// first one on.
bool add_slice(const Graph& graph, const Node& slice, MaskTable& found) {
  const Dims* dims = dims_of(graph, slice.inputs[0]);
  const auto starts = starts_of(graph, slice);
  const auto axes = integers(graph, slice, "axes", 3);
  if (dims == nullptr || !starts || !axes || axes->size() != starts->size()) return false;
  if (input_of(slice, 4) != ValueId::None) {
    const auto steps = integers(graph, slice.inputs[4]);
    if (!steps || !std::ranges::all_of(*steps, [](int64_t step) { return step == 1; })) return false;
  }
  const int64_t rank = static_cast<int64_t>(dims->size());
  for (size_t i = 0; i < axes->size(); ++i) {
    const Dim& start = (*starts)[i];
    const int64_t axis = (*axes)[i] < 0 ? (*axes)[i] + rank : (*axes)[i];
    if (start.lower_bound().value_or(-1) < 0 || (axis != rank - 2 && !start.is(0))) return false;
    if (axis == rank - 2) found.first_row = found.first_row + start;
  }
  return true;
}

// Calls `each(shown, row, column)` for the only matrix of the table. False when there are several, or an element is
// neither what `is_yes` nor what `is_no` says.
template <class T, class Yes, class No, class Each>
bool for_each_element(const Tensor& table, const Yes& is_yes, const No& is_no, const Each& each) {
  const Shape& shape = table.shape();
  if (shape.rank() < 2 || shape.elements(0, shape.rank() - 2) != 1) return false;
  const int64_t rows = shape[shape.rank() - 2], columns = shape.back();
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const T element = element_at<T>(table, row * columns + column);
      if (!is_yes(element) && !is_no(element)) return false;
      if (!each(is_yes(element), row, column)) return false;
    }
  }
  return true;
}

template <class Each>
bool for_each_element(const Tensor& table, DType mask_dtype, const Each& each) {
  bool result = false;
  if (mask_dtype == DType::Bool) {
    visit_dtype<bool, uint8_t, int8_t, int32_t, int64_t, float>(table.dtype(), [&]<class T>() {
      result = for_each_element<T>(
          table, [](T x) { return x == T(1); }, [](T x) { return x == T(0); }, each);
    });
  } else if (mask_dtype == table.dtype()) {
    visit_dtype<float, Half, BFloat16>(mask_dtype, [&]<class T>() {
      const auto is_shown = [](T x) { return static_cast<float>(x) == 0; };
      const auto is_hidden = [](T x) { return static_cast<float>(x) <= kHidingNumber; };
      result = for_each_element<T>(table, is_shown, is_hidden, each);
    });
  }
  return result;
}

}  // namespace

MaskTable mask_table(const Graph& graph, ValueId mask) {
  MaskTable found;
  while (!is_constant(graph, mask)) {
    const NodeId producer = graph.value(mask).producer;
    if (producer == NodeId::None || !graph.node(producer).domain.empty()) return {};
    const Node& node = graph.node(producer);
    const bool to_bool = node.op_type == "Cast" && graph.value(mask).type.dtype == DType::Bool;
    if (!to_bool && (node.op_type != "Slice" || !add_slice(graph, node, found))) return {};
    mask = node.inputs[0];
  }
  found.table = &graph.value(mask).constant;
  return found;
}

bool is_causal(const Tensor& table, DType mask_dtype) {
  return for_each_element(table, mask_dtype,
                          [](bool shown, int64_t row, int64_t column) { return shown == (column <= row); });
}

bool shows_a_key(const Graph& graph, ValueId mask) {
  const MaskTable found = mask_table(graph, mask);
  if (found.table == nullptr || graph.value(mask).type.dtype != DType::Bool) return false;
  return for_each_element(*found.table, DType::Bool,
                          [](bool shown, int64_t, int64_t column) { return shown || column > 0; });
}

}  // namespace mica
