#include "tools/inputs/operand_use.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mica::tools {
namespace {

using Values = ValidValues;

Values range(double low, double high) {
  return {Values::Kind::Range, low, high, {}};
}

Values list(std::vector<double> elements) {
  return {Values::Kind::List, 0, 0, std::move(elements)};
}

template <int value>
Values always(const OperandUse&) {
  return list({value});
}

// 0 .. n-1.
Values below(std::optional<int64_t> n) {
  return n && *n > 0 ? range(0, static_cast<double>(*n - 1)) : Values{};
}

Values exactly(std::optional<int64_t> value) {
  return value ? list({static_cast<double>(*value)}) : Values{};
}

Values numbers_from_zero(const OperandUse& use) {
  std::vector<double> elements;
  for (int64_t i = 0; i < std::min<int64_t>(use.count().value_or(1), Shape::kMaxRank); ++i) {
    elements.push_back(static_cast<double>(i));
  }
  return list(std::move(elements));
}

// The dims of output 0 where all are numbers, else ones.
Values output_shape(const OperandUse& use) {
  const Dims* dims = use.output_dims();
  const auto shape = dims != nullptr ? to_shape(*dims) : std::nullopt;
  return shape && shape->rank() > 0 ? list({shape->begin(), shape->end()}) : list({1});
}

// The dims of output 0, else all elements along the first axis.
Values reshaped(const OperandUse& use) {
  const Values known = output_shape(use);
  if (known.list != std::vector<double>{1}) return known;
  std::vector<double> dims(static_cast<size_t>(std::clamp<int64_t>(use.count().value_or(1), 1, Shape::kMaxRank)), 1);
  dims[0] = -1;
  return list(std::move(dims));
}

Values index_of_axis(const OperandUse& use) {
  return below(use.dim(0, attribute(use.node, "axis", 0)));
}

template <size_t table>
Values row_of(const OperandUse& use) {
  return below(use.dim(table, 0));
}

Values index_of_last(const OperandUse& use) {
  return below(use.dim(0, -1));
}

// Tuples of indices into the dims of input 0 from `batch_dims` on.
Values index_tuple(const OperandUse& use) {
  constexpr int64_t kMaxRank = Shape::kMaxRank;
  const int64_t first = std::clamp<int64_t>(attribute(use.node, "batch_dims", 0), 0, kMaxRank);
  const int64_t width = std::min(use.dim(1, -1).value_or(0), kMaxRank);
  std::optional<int64_t> smallest;
  for (int64_t axis = first; axis < first + width; ++axis) {
    const auto dim = use.dim(0, axis);
    if (dim && (!smallest || *dim < *smallest)) smallest = dim;
  }
  return below(smallest);
}

Values element_of_input(const OperandUse& use) {
  const Dims* dims = use.dims(0);
  const auto shape = dims != nullptr ? to_shape(*dims) : std::nullopt;
  return shape ? below(checked_elements(shape->dims())) : Values{};
}

Values class_number(const OperandUse& use) {
  return below(use.dim(0, 1));
}

Values rotary_position(const OperandUse& use) {
  const bool is_contrib = use.node.domain == "com.microsoft";
  if (use.input != (is_contrib ? 1u : 3u)) return {};
  return below(use.dim(is_contrib ? 2 : 1, 0));
}

Values recurrent_length(const OperandUse& use) {
  return exactly(use.dim(0, attribute(use.node, "layout", 0) == 0 ? 0 : 1));
}

Values reversed_length(const OperandUse& use) {
  return exactly(use.dim(0, attribute(use.node, "time_axis", 0)));
}

template <int less>
Values cached_length(const OperandUse& use) {
  const auto past = use.dim(3, 2), length = use.dim(0, 1);
  return past && length ? list({static_cast<double>(*past) + static_cast<double>(*length) - less}) : Values{};
}

Values key_length(const OperandUse& use) {
  return exactly(use.dim(1, -2));
}

// Enlarges all but the batch and the channels.
Values resize_factor(const OperandUse& use) {
  std::vector<double> factors;
  const int64_t count = std::min<int64_t>(use.count().value_or(4), Shape::kMaxRank);
  for (int64_t i = 0; i < count; ++i) factors.push_back(i < 2 ? 1 : 2);
  return list(std::move(factors));
}

Values equal_parts(const OperandUse& use) {
  const auto dim = use.dim(0, attribute(use.node, "axis", 0));
  const int64_t parts = std::max<int64_t>(use.count().value_or(1), 1);
  return dim ? exactly(*dim / parts) : Values{};
}

// The axis that is missing in the output, where there is one.
Values reduced_axis(const OperandUse& use) {
  const Dims *before = use.dims(0), *after = use.output_dims();
  if (before == nullptr || after == nullptr || after->size() + 1 != before->size()) return numbers_from_zero(use);
  for (size_t axis = 0; axis < before->size(); ++axis) {
    Dims rest = *before;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(axis));
    if (rest == *after) return list({static_cast<double>(axis)});
  }
  return numbers_from_zero(use);
}

// Axes of length 1.
Values squeezed_axes(const OperandUse& use) {
  std::vector<double> axes;
  const Dims* dims = use.dims(0);
  for (size_t axis = 0; dims != nullptr && axis < dims->size(); ++axis) {
    if ((*dims)[axis].is(1)) axes.push_back(static_cast<double>(axis));
  }
  return axes.empty() ? numbers_from_zero(use) : list(std::move(axes));
}

Values grid_size(const OperandUse& use) {
  std::vector<double> size(static_cast<size_t>(std::clamp<int64_t>(use.count().value_or(4), 2, 8)), 4);
  size[0] = static_cast<double>(use.dim(0, 0).value_or(1));
  return list(std::move(size));
}

Values divisor(const OperandUse& use) {
  const DType dtype = use.graph.value(use.node.inputs[use.input]).type.dtype;
  return is_int(dtype) ? range(1, 9) : range(0.5, 2);
}

Values attention_mask(const OperandUse& use) {
  const DType dtype = use.graph.value(use.node.inputs[use.input]).type.dtype;
  return list({dtype == DType::Bool ? 1.0 : 0.0});
}

Values one_box(const OperandUse&) {
  return list({0, 0, 0, 4, 4});  // batch index, two corners
}

Values positive(const OperandUse&) {
  return range(0.1, 2);
}
Values scale(const OperandUse&) {
  return range(0.02, 0.1);
}
Values fraction(const OperandUse&) {
  return range(0, 1);
}
Values symmetric(const OperandUse&) {
  return range(-0.9, 0.9);
}
Values one_and_more(const OperandUse&) {
  return range(1, 3);
}
Values shift(const OperandUse&) {
  return range(0, 7);
}

struct Demand {
  std::string_view op_type;
  size_t input;
  Values (*values)(const OperandUse&);
};

constexpr int kLarge = 0x7fffffff;

constexpr Demand kDemands[] = {
    {"Acos", 0, symmetric},
    {"Acosh", 0, one_and_more},
    {"AffineGrid", 1, grid_size},
    {"ArrayFeatureExtractor", 1, index_of_last},
    {"Asin", 0, symmetric},
    {"Atanh", 0, symmetric},
    {"Attention", 3, attention_mask},
    {"Attention", 6, key_length},
    {"BatchNormalization", 4, positive},
    {"Bernoulli", 0, fraction},
    {"BitShift", 1, shift},
    {"BlackmanWindow", 0, always<16>},
    {"CenterCropPad", 1, output_shape},
    {"Clip", 1, always<-1>},
    {"Clip", 2, always<1>},
    {"ConstantOfShape", 0, output_shape},
    {"CumProd", 1, always<0>},
    {"CumSum", 1, always<0>},
    {"DequantizeLinear", 1, scale},
    {"DequantizeLinear", 2, always<0>},
    {"DFT", 2, always<1>},
    {"Div", 1, divisor},
    {"Dropout", 1, fraction},
    {"Dropout", 2, always<0>},
    {"EmbedLayerNormalization", 0, row_of<2>},
    {"EmbedLayerNormalization", 1, row_of<4>},
    {"EmbedLayerNormalization", 8, row_of<3>},
    {"Expand", 1, output_shape},
    {"Gather", 1, index_of_axis},
    {"GatherAdd", 2, row_of<1>},
    {"GatherElements", 1, index_of_axis},
    {"GatherND", 1, index_tuple},
    {"GridSample", 1, symmetric},
    {"GroupQueryAttention", 5, cached_length<1>},
    {"GroupQueryAttention", 6, cached_length<0>},
    {"GRU", 4, recurrent_length},
    {"HammingWindow", 0, always<16>},
    {"HannWindow", 0, always<16>},
    {"If", 0, always<1>},
    {"Log", 0, positive},
    {"Loop", 0, always<3>},
    {"Loop", 1, always<1>},
    {"LSTM", 4, recurrent_length},
    {"MaxRoiPool", 1, one_box},
    {"MaxUnpool", 1, element_of_input},
    {"MelWeightMatrix", 0, always<8>},
    {"MelWeightMatrix", 1, always<16>},
    {"MelWeightMatrix", 2, always<8192>},
    {"MelWeightMatrix", 3, always<0>},
    {"MelWeightMatrix", 4, always<4096>},
    {"Mod", 1, divisor},
    {"NegativeLogLikelihoodLoss", 1, class_number},
    {"NonMaxSuppression", 2, always<8>},
    {"NonMaxSuppression", 3, fraction},
    {"NonMaxSuppression", 4, fraction},
    {"OneHot", 1, always<8>},
    {"Pad", 1, always<1>},
    {"Pad", 3, numbers_from_zero},
    {"Pow", 0, positive},
    {"QLinearConv", 1, scale},
    {"QLinearConv", 4, scale},
    {"QLinearConv", 6, scale},
    {"QLinearMatMul", 1, scale},
    {"QLinearMatMul", 4, scale},
    {"QLinearMatMul", 6, scale},
    {"QuantizeLinear", 1, scale},
    {"Range", 0, always<0>},
    {"Range", 1, always<8>},
    {"Range", 2, always<1>},
    {"Reciprocal", 0, divisor},
    {"ReduceL1", 1, reduced_axis},
    {"ReduceL2", 1, reduced_axis},
    {"ReduceLogSum", 0, positive},
    {"ReduceLogSum", 1, reduced_axis},
    {"ReduceLogSumExp", 1, reduced_axis},
    {"ReduceMax", 1, reduced_axis},
    {"ReduceMean", 1, reduced_axis},
    {"ReduceMin", 1, reduced_axis},
    {"ReduceProd", 1, reduced_axis},
    {"ReduceSum", 1, reduced_axis},
    {"ReduceSumSquare", 1, reduced_axis},
    {"Reshape", 1, reshaped},
    {"Resize", 2, resize_factor},
    {"Resize", 3, output_shape},
    {"ReverseSequence", 1, reversed_length},
    {"RNN", 4, recurrent_length},
    {"RoiAlign", 1, fraction},
    {"RoiAlign", 2, row_of<0>},
    {"RotaryEmbedding", 1, rotary_position},
    {"RotaryEmbedding", 3, rotary_position},
    {"Scatter", 1, index_of_axis},
    {"ScatterElements", 1, index_of_axis},
    {"ScatterND", 1, index_tuple},
    {"SequenceAt", 1, always<0>},
    {"SequenceErase", 1, always<0>},
    {"SequenceInsert", 2, always<0>},
    {"Slice", 1, always<0>},
    {"Slice", 2, always<kLarge>},
    {"Slice", 3, numbers_from_zero},
    {"Slice", 4, always<1>},
    {"SoftmaxCrossEntropyLoss", 1, class_number},
    {"Split", 1, equal_parts},
    {"SplitToSequence", 1, always<1>},
    {"Sqrt", 0, positive},
    {"Squeeze", 1, squeezed_axes},
    {"STFT", 1, always<4>},
    {"STFT", 3, always<16>},
    {"TensorScatter", 2, always<0>},
    {"Tile", 1, always<2>},
    {"TopK", 1, always<1>},
    {"Trilu", 1, always<0>},
    {"Unsqueeze", 1, numbers_from_zero},
    {"Upsample", 1, resize_factor},
};

}  // namespace

std::optional<int64_t> OperandUse::dim(size_t of, int64_t axis) const {
  const Dims* all = dims(of);
  if (all == nullptr) return std::nullopt;
  const int64_t rank = static_cast<int64_t>(all->size());
  if (axis < -rank || axis >= rank) return std::nullopt;
  return (*all)[static_cast<size_t>(axis < 0 ? axis + rank : axis)].constant();
}

const Dims* OperandUse::output_dims(size_t of) const {
  return of < node.outputs.size() ? dims_of(graph, node.outputs[of]) : nullptr;
}

std::optional<int64_t> OperandUse::count() const {
  const Dims* all = dims(input);
  const auto shape = all != nullptr ? to_shape(*all) : std::nullopt;
  return shape ? checked_elements(shape->dims()) : std::nullopt;
}

ValidValues demanded_values(const OperandUse& use) {
  for (const Demand& demand : kDemands) {
    if (demand.op_type == use.node.op_type && demand.input == use.input) return demand.values(use);
  }
  return {};
}

}  // namespace mica::tools
