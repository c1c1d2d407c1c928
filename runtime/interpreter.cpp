#include "runtime/interpreter.h"

#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

// Runs a node's subgraphs through the interpreter.
class InterpretedSubgraphs : public SubgraphRunner {
 public:
  InterpretedSubgraphs(const Node& node, std::span<const Datum* const> captures, ThreadPool& threads)
      : node_(node), captures_(captures), threads_(threads) {}

  std::vector<Datum> run(size_t index, std::span<const Datum> inputs) override {
    return interpret(graph(index), inputs, captures_, workspace_, threads_);
  }

  ValueType output_type(size_t index, size_t output) const override {
    const Graph& body = graph(index);
    return output < body.outputs.size() ? body.value(body.outputs[output]).type : ValueType{};
  }

 private:
  const Graph& graph(size_t index) const {
    const std::string_view name = node_.op->def().subgraphs.at(index);
    for (const Subgraph& sub : node_.subgraphs) {
      if (sub.name == name) return *sub.graph;
    }
    throw Error(ErrorCode::InvalidModel, "subgraph \"" + std::string(name) + "\" is missing");
  }

  const Node& node_;
  std::span<const Datum* const> captures_;
  ThreadPool& threads_;
  Workspace workspace_;
};

Shape concrete(const ValueType& type, const Node& node, size_t output) {
  const auto shape = type.dims ? to_shape(*type.dims) : std::nullopt;
  if (shape) return *shape;
  throw Error(ErrorCode::Internal, "no shape was inferred for output " + std::to_string(output) + " of " + node.str());
}

std::vector<Datum> run_node(const Node& node, std::span<const Datum* const> inputs, const Operands::Context& context) {
  const OpDef& def = node.op->def();
  std::vector<Datum> outputs(node.outputs.size());
  if (!def.data_dependent) {
    const auto types = infer_concrete(node, inputs);
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (node.outputs[i] == ValueId::None || !types[i].is_tensor()) continue;
      outputs[i] = Datum(Tensor(types[i].dtype, concrete(types[i], node, i)));
    }
  }
  std::vector<Datum*> outs(outputs.size());
  for (size_t i = 0; i < outs.size(); ++i) outs[i] = node.outputs[i] == ValueId::None ? nullptr : &outputs[i];
  std::vector<Datum*> ins;
  for (const Datum* input : inputs) ins.push_back(const_cast<Datum*>(input));
  for (const Kernel& kernel : def.kernels) {
    if (kernel.device != "cpu" || kernel.accepts != nullptr) continue;
    kernel.run(node.params.get(), Operands(ins, outs, nullptr, context));
    context.workspace->reset();
    return outputs;
  }
  throw Error(ErrorCode::Unsupported, "has no kernel for the CPU");
}

}  // namespace

ValueType type_of(const Datum& datum) {
  switch (datum.kind) {
    case Datum::Kind::Tensor:
      return ValueType::tensor(datum.tensor.dtype(), to_dims(datum.tensor.shape()));
    case Datum::Kind::Sequence:
      if (datum.items.empty()) return ValueType::sequence(ValueType::tensor(DType::Undefined));
      return ValueType::sequence(ValueType::tensor(datum.items[0].tensor.dtype()));
    case Datum::Kind::Absent:
      return ValueType::optional(ValueType{});
    case Datum::Kind::Map:
      break;
  }
  return {};
}

std::vector<ValueType> infer_concrete(const Node& node, std::span<const Datum* const> inputs) {
  std::vector<ValueType> types(inputs.size());
  std::vector<InferContext::Input> seen(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == nullptr) continue;
    types[i] = type_of(*inputs[i]);
    seen[i].type = &types[i];
    if (inputs[i]->is_tensor()) seen[i].constant = &inputs[i]->tensor;
  }
  std::vector<InferContext::Output> outputs(node.outputs.size());
  InferContext ctx(seen, outputs, node.name);
  node.op->def().infer(node.params.get(), ctx);
  std::vector<ValueType> result;
  for (auto& output : outputs) result.push_back(std::move(output.type));
  return result;
}

std::vector<Datum> evaluate(const Node& node, std::span<const Datum* const> inputs, const Operands::Context& context) {
  try {
    if (node.op == nullptr) throw Error(ErrorCode::Unsupported, "is not an operator of this build");
    return run_node(node, inputs, context);
  } catch (const Error& error) {
    throw error.within(node.str());
  }
}

std::vector<Datum> interpret(const Graph& graph, std::span<const Datum> inputs, std::span<const Datum* const> captures,
                             Workspace& workspace, ThreadPool& threads) {
  std::vector<Datum> values(graph.value_count());
  for (uint32_t i = 0; i < values.size(); ++i) {
    const Tensor& constant = graph.value(ValueId{i}).constant;
    if (constant.defined()) values[i] = Datum(aligned(constant));
  }
  const auto at = [&](ValueId id) -> Datum& { return values[static_cast<size_t>(id)]; };
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    if (i < inputs.size()) at(graph.inputs[i]) = inputs[i];
  }
  for (size_t i = 0; i < graph.captures.size(); ++i) {
    if (graph.captures[i] != ValueId::None) at(graph.captures[i]) = *captures[i];
  }
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    std::vector<const Datum*> ins;
    for (const ValueId input : node.inputs) ins.push_back(input == ValueId::None ? nullptr : &at(input));
    const std::span<const Datum* const> formal(ins.data(), node.formal_inputs);
    InterpretedSubgraphs subgraphs(node, std::span(ins).subspan(node.formal_inputs), threads);
    std::vector<Datum> outs = evaluate(node, formal, {&workspace, &threads, &subgraphs});
    for (size_t i = 0; i < outs.size(); ++i) {
      if (node.outputs[i] != ValueId::None) at(node.outputs[i]) = std::move(outs[i]);
    }
  }
  std::vector<Datum> results;
  for (const ValueId output : graph.outputs) results.push_back(at(output));
  return results;
}

}  // namespace mica
