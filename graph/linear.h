// Nodes that multiply by constant weights: what scales or shifts their output can go into the weights.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/rewriter.h"

namespace mica {

/// A Conv, ConvTranspose, Gemm or MatMul whose weights and bias are constants of 32 or 64 bits, or the Add of a
/// constant to such a MatMul. (Narrower weights would be rounded once more.) Its output has `channels()` numbers along
/// the axis that the weights tell apart.
class Linear {
 public:
  /// nullopt when the node that gives the value is none of these, or when the value is used more than once: the other
  /// uses would still need the old weights.
  static std::optional<Linear> of(const Graph& graph, ValueId id);

  int64_t channels() const { return channels_; }
  /// Whether the channels are the last axis of the output.
  bool is_last() const { return axis_from_back_ == 1; }
  /// A constant that is the same along all axes of the output but that of the channels, as a number for each of them;
  /// nullopt when it is not that, or would enlarge the output.
  std::optional<std::vector<double>> per_channel(const Graph& graph, ValueId constant) const;

  /// Whether a number a channel can be added: a MatMul itself only becomes a Gemm where all is of rank 2.
  bool takes_bias(const Graph& graph) const;

  /// A node for output * factors + offsets, both of a number a channel. None, with a refusal, where there is none.
  ValueId scaled(Rewriter& g, const std::vector<double>& factors, const std::vector<double>& offsets) const;

 private:
  bool read_product(const Graph& graph, NodeId id);
  bool read_weights(const Graph& graph, const Node& node);
  bool read_bias(const Graph& graph, ValueId bias, double beta);
  bool read_sum(const Graph& graph, const Node& add);
  std::vector<double> scaled_weights(const Graph& graph, const std::vector<double>& factors) const;

  NodeId product_ = NodeId::None;     // the node with the weights, at input 1
  bool is_sum_ = false;               // a bias is added to a MatMul
  size_t rank_ = 0;                   // of the output, at least
  size_t axis_from_back_ = 1;         // of the channels in the output; 1 is the last axis
  size_t weights_axis_ = 0;           // of the channels in the weights
  int64_t channels_ = 0, group_ = 1;  // group: of a ConvTranspose, whose weights have the groups in axis 0
  std::vector<double> bias_;          // by channel; empty: none
};

/// The elements of a tensor of 32 or 64 bit floating point; nullopt for another.
std::optional<std::vector<double>> floats(const Tensor& tensor);
/// A tensor of such a type of these elements.
Tensor tensor_of(DType dtype, const Shape& shape, const std::vector<double>& elements);
/// Rows of all parts, `rows` of each, every one behind that of the part before.
Tensor side_by_side(const std::vector<Tensor>& parts, const Shape& shape, int64_t rows);
Tensor zeros(DType dtype, int64_t width);

}  // namespace mica
