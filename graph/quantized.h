// Quantised tensors among floats: what DequantizeLinear and QuantizeLinear say of them, for rules that compute with the
// integers instead.
#pragma once

#include <optional>
#include <vector>

#include "graph/rewriter.h"

namespace mica {

/// real = (code - zero) * scale, codes of uint8, int8 or (a bias) int32.
struct Quantization {
  ValueId scale = ValueId::None;
  ValueId zero = ValueId::None;  ///< None: 0
  DType dtype = DType::Undefined;
  int64_t axis = 0;  ///< counted from the front; of scales that are more than one

  bool operator==(const Quantization&) const = default;
};

struct QuantizedTensor {
  ValueId codes = ValueId::None;
  Quantization by;
};

/// What a DequantizeLinear makes the value of, where it makes floats and has no blocks.
std::optional<QuantizedTensor> dequantized(const Graph& graph, ValueId value);
/// What a QuantizeLinear of floats makes of its input 0; nullopt for blocks, and for types other than uint8 and int8.
std::optional<Quantization> quantization(const Graph& graph, const Node& quantize);

inline bool is_bytes(const Quantization& q) {
  return q.dtype == DType::U8 || q.dtype == DType::I8;
}
/// Whether scale and zero point are one number each.
bool is_per_tensor(const Graph& graph, const Quantization& q);
/// Whether they are that, or a number for each place of this axis, counted from the front.
bool is_along(const Graph& graph, const Quantization& q, int64_t axis);
/// Whether two are known to be the same.
bool same_quantization(const Graph& graph, const Quantization& a, const Quantization& b);

/// The zero point as an input: the node's own, or a constant 0.
ValueId zero_point(Rewriter& g, const Quantization& q);

/// The elements of a constant of floats or integers; nullopt for anything else.
std::optional<std::vector<double>> constant_numbers(const Graph& graph, ValueId id);

/// A QuantizeLinear of a layer, or of a Relu or Clip of it, which the match tells as "f".
Pattern quantized_layer(const Pattern& layer);

/// Whether a Relu or Clip of which the result is quantised so changes nothing but what saturates in the same way.
bool is_saturation(const Graph& graph, const Node& node, const Quantization& q);

/// A constant bias, of floats or quantised, as integers whose unit is input scale times weight scale (one for each of
/// `channels`): None where that would lose anything that matters to results with a unit of `y_scale`, with a refusal.
ValueId integer_bias(Rewriter& g, ValueId bias, const Quantization& x, const Quantization& w, const Quantization& y,
                     int64_t channels);

}  // namespace mica
