// Adds random nodes to a graph, each only when it can be computed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "backends/cpu/thread_pool.h"
#include "graph/graph.h"
#include "kernels/operands.h"

namespace mica {

/// A growing graph, with the value of everything in it for one set of inputs.
class RandomBuilder {
 public:
  explicit RandomBuilder(uint32_t seed);

  GraphModel take() { return std::move(model_); }
  Graph& graph() { return *model_.graph; }
  int64_t opset() const { return opset_; }

  /// A number in [0, count).
  size_t draw(size_t count) { return random_() % count; }
  bool chance(double probability) { return static_cast<double>(random_()) < probability * 4294967296.0; }
  /// A value of one of these types, newer ones more often; None where there is none.
  ValueId pick(DTypeSet types);
  const Shape& shape(ValueId id) const { return values_.at(id).tensor.shape(); }

  ValueId constant(Tensor tensor);
  ValueId number(double value, DType dtype = DType::F32);
  ValueId integers(const std::vector<int64_t>& values);
  /// Floats in [-1, 1).
  ValueId weights(const Shape& shape);

  /// Adds the node and returns its first output; None when an input is None, this build or opset does not have the
  /// operator, it does not take these inputs, or what it gives is large or not finite.
  ValueId add(std::string_view op_type, std::vector<ValueId> inputs, Attributes attributes = {}, size_t outputs = 1);
  /// Adds an operator of the table to inputs of the types that it takes.
  ValueId add_any();
  /// A choice between two graphs that capture the value.
  ValueId add_if(ValueId x);
  /// Makes the last value an output, and others now and then.
  void finish();

 private:
  std::optional<std::vector<Datum>> compute(const Node& node);
  bool fits(const Node& node, const OpTable::Entry* entry) const;
  Attributes draw_attributes(const OpDef& def);
  std::vector<ValueId> draw_inputs(const OpDef& def);
  void keep(ValueId id, Datum value);

  std::mt19937 random_;
  GraphModel model_;
  int64_t opset_;
  std::map<ValueId, Datum> values_;
  std::vector<ValueId> pool_;
  bool allow_absent_ = false;  ///< None is an optional input, not the mark of what could not be made
  Workspace workspace_;
  ThreadPool threads_{1};
};

}  // namespace mica
