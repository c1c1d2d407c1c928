// A value is constant when all its elements are known from shape inference, or when a pure node computes it from
// constants. Nodes are computed within a budget: a hostile or careless model must not make us fill the memory. Time is
// that of the processor, so that what is folded does not depend on what else the machine does.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/half_storage.h"
#include "graph/passes/pass.h"
#include "runtime/base/error.h"
#include "runtime/base/os.h"

namespace mica {
namespace {

template <class T>
Tensor tensor_of(const Dims& elements, const Shape& shape) {
  Tensor tensor(dtype_of<T>, shape);
  std::ranges::transform(elements, tensor.mutable_data<T>(),
                         [](const Dim& dim) { return static_cast<T>(dim.value()); });
  return tensor;
}

// The tensor whose elements inference has found, when all are numbers.
std::optional<Tensor> known_tensor(const Value& value) {
  if (!value.contents || !value.type.is_tensor() || !value.type.dims) return std::nullopt;
  const auto shape = to_shape(*value.type.dims);
  if (!shape || checked_elements(shape->dims()) != static_cast<int64_t>(value.contents->size())) return std::nullopt;
  if (!std::ranges::all_of(*value.contents, &Dim::is_constant)) return std::nullopt;
  std::optional<Tensor> tensor;
  visit_dtype<int64_t, int32_t, int16_t, int8_t, uint64_t, uint32_t, uint16_t, uint8_t, bool>(
      value.type.dtype, [&]<class T>() { tensor = tensor_of<T>(*value.contents, *shape); });
  return tensor;
}

class Folding {
 public:
  explicit Folding(PassContext& context) : context_(context) {}

  size_t run(Graph& graph) {
    size_t folded = 0;
    for (const NodeId id : graph.order()) {
      for (size_t i = 0; i < graph.node(id).outputs.size(); ++i) {
        const ValueId output = graph.node(id).outputs[i];
        if (output == ValueId::None) continue;
        if (auto tensor = known_tensor(graph.value(output))) {
          make_constant(graph, output, std::move(*tensor));
          ++folded;
        }
      }
      if (graph.node(id).alive) folded += compute(graph, id);
    }
    return folded;
  }

 private:
  size_t compute(Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    if (!may_compute(graph, node) || enlarges_file(graph, node) || may_be_transposed_in_place(graph, node)) return 0;
    std::optional<std::vector<Tensor>> results;
    try {
      results = constant_of(node);
      if (!results) results = evaluate(graph, node);
    } catch (const Error& error) {
      context_.notes.refused("fold_constants", node.str(), error.what());
    }
    if (!results) return 0;
    size_t folded = 0;
    const std::vector<ValueId> inputs = node.inputs, outputs = node.outputs;
    for (size_t i = 0; i < outputs.size() && i < results->size(); ++i) {
      if (outputs[i] == ValueId::None || !(*results)[i].defined()) continue;
      make_constant(graph, outputs[i], std::move((*results)[i]));
      ++folded;
    }
    for (const ValueId input : inputs) free_unused(graph, input);
    return folded;
  }

  // Folding all weights must not take the memory of all of them twice.
  static void free_unused(Graph& graph, ValueId id) {
    if (id == ValueId::None || !graph.is_unused(id) || comes_from_outside(graph, id)) return;
    graph.value(id).constant = {};
  }

  // DequantizeLinear of a constant is how a quantised weight is written, not something to compute.
  static bool may_compute(const Graph& graph, const Node& node) {
    if (node.op == nullptr || node.op->def().impure || !node.subgraphs.empty()) return false;
    if (node.op_type == "DequantizeLinear") return false;
    return std::ranges::all_of(node.inputs, [&](ValueId id) { return id == ValueId::None || is_constant(graph, id); });
  }

  static std::optional<std::vector<Tensor>> constant_of(const Node& node) {
    if (node.op_type != "Constant" || !node.domain.empty()) return std::nullopt;
    const auto value = node.attributes.find("value");
    if (value == node.attributes.end() || !std::holds_alternative<Tensor>(value->second)) return std::nullopt;
    return std::vector<Tensor>{std::get<Tensor>(value->second)};
  }

  // Whether a file would hold more bytes of weights with the result than without.
  bool enlarges_file(const Graph& graph, const Node& node) {
    if (context_.options.target != Target::Portable) return false;
    const size_t bytes = output_bytes(graph, node).value_or(0);
    if (restores_half(graph, node) && bytes >= kMinHalfStored) return true;
    const ValueId kept = bytes > context_.options.folding.bytes ? kept_weight(graph, node) : ValueId::None;
    if (kept == ValueId::None) return false;
    context_.notes.refused("fold_constants", node.str(), "\"" + graph.value(kept).name + "\" is in use beside it");
    return true;
  }

  // Our products take a matrix either way, so that a large one that is used as it is too need not be there twice.
  bool may_be_transposed_in_place(const Graph& graph, const Node& node) const {
    if (context_.folds_all || context_.options.target != Target::Mica || node.op_type != "Transpose") return false;
    return kept_weight(graph, node) != ValueId::None;
  }

  // Weights stored in half the bytes have such a Cast behind them.
  static bool restores_half(const Graph& graph, const Node& node) {
    if (node.op_type != "Cast" || !node.domain.empty() || attribute(node, "to", 0) != static_cast<int64_t>(DType::F32))
      return false;
    const DType from = graph.value(node.inputs[0]).type.dtype;
    return from == DType::F16 || from == DType::BF16;
  }

  // A large constant that nodes need which are not computed here, among the node's inputs.
  ValueId kept_weight(const Graph& graph, const Node& node) const {
    const auto needs = [&](const Use& use) { return !may_compute(graph, graph.node(use.node)); };
    for (const ValueId id : node.inputs) {
      if (id == ValueId::None || graph.value(id).constant.bytes() <= context_.options.folding.bytes) continue;
      if (graph.is_output(id) || std::ranges::any_of(graph.uses(id), needs)) return id;
    }
    return ValueId::None;
  }

  std::optional<std::vector<Tensor>> evaluate(const Graph& graph, const Node& node) {
    const FoldBudget& budget = context_.options.folding;
    std::vector<Tensor> inputs;
    size_t input_bytes = 0;
    for (const ValueId input : node.inputs) {
      inputs.push_back(input == ValueId::None ? Tensor() : graph.value(input).constant);
      if (inputs.back().defined()) input_bytes += inputs.back().bytes();
    }
    const size_t limit = std::max(budget.bytes, input_bytes);
    const auto expected = output_bytes(graph, node);
    if (expected.value_or(input_bytes) > (expected ? limit : budget.bytes)) {
      context_.notes.refused("fold_constants", node.str(), "the result may exceed " + std::to_string(limit) + " bytes");
      return std::nullopt;
    }
    if (context_.folding_seconds >= budget.seconds) {
      context_.notes.refused("fold_constants", node.str(), "no time left for folding");
      return std::nullopt;
    }
    const double start = thread_seconds();
    auto results = context_.evaluate(node, inputs);
    context_.folding_seconds += thread_seconds() - start;
    size_t result_bytes = 0;
    if (results) {
      for (const Tensor& result : *results) result_bytes += result.defined() ? result.bytes() : 0;
    }
    if (result_bytes > limit) return std::nullopt;
    return results;
  }

  // Bytes of all outputs, as far as inference tells them beforehand.
  static std::optional<size_t> output_bytes(const Graph& graph, const Node& node) {
    size_t total = 0;
    for (const ValueId output : node.outputs) {
      if (output == ValueId::None) continue;
      const ValueType& type = graph.value(output).type;
      const auto shape = type.is_tensor() && type.dims ? to_shape(*type.dims) : std::nullopt;
      const auto elements = shape ? checked_elements(shape->dims()) : std::nullopt;
      const auto bytes = elements ? byte_size(type.dtype, *elements) : std::nullopt;
      if (!bytes) return std::nullopt;
      total += std::min(*bytes, SIZE_MAX - total);
    }
    return total;
  }

  PassContext& context_;
};

}  // namespace

size_t fold_constants(PassContext& context) {
  size_t folded = 0;
  for_each_graph(*context.model.graph, [&](Graph& graph) { folded += Folding(context).run(graph); });
  return folded;
}

}  // namespace mica
