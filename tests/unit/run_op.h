// Runs one operator of the table on tensors, for unit tests.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "runtime/interpreter.h"

namespace mica {

struct OpCall {
  std::string op_type;
  int64_t opset = 27;
  Attributes attributes = {};
  size_t outputs = 1;
  std::string domain = "";
};

/// The node of a call; an undefined tensor stands for an absent input.
inline Node node_of(const OpCall& call, const std::vector<Tensor>& inputs) {
  Node node;
  node.domain = call.domain;
  node.op_type = call.op_type;
  node.opset = call.opset;
  node.attributes = call.attributes;
  for (uint32_t i = 0; i < inputs.size(); ++i) node.inputs.push_back(inputs[i].defined() ? ValueId{i} : ValueId::None);
  node.formal_inputs = inputs.size();
  for (uint32_t i = 0; i < call.outputs; ++i) node.outputs.push_back(ValueId{1000 + i});
  resolve(node, operators());
  return node;
}

inline std::vector<Datum> run_op(const OpCall& call, const std::vector<Tensor>& inputs) {
  const Node node = node_of(call, inputs);
  std::vector<Datum> data(inputs.begin(), inputs.end());
  std::vector<const Datum*> pointers;
  for (const Datum& datum : data) pointers.push_back(datum.tensor.defined() ? &datum : nullptr);
  Workspace workspace;
  ThreadPool threads(1);
  return evaluate(node, pointers, {&workspace, &threads, nullptr});
}

/// The same by the kernel of that name or else the first that accepts the inputs, which has packed inputs `constant`
/// ahead; their own memory is not given to it. For operators whose outputs' shapes follow from those of the inputs.
inline std::vector<Datum> run_packed_op(const OpCall& call, const std::vector<Tensor>& inputs,
                                        const std::vector<size_t>& constant, int thread_count = 1,
                                        std::string_view name = "") {
  const Node node = node_of(call, inputs);
  std::vector<Datum> data(inputs.begin(), inputs.end());
  std::vector<const Datum*> all;
  std::vector<const Tensor*> constants(inputs.size());
  for (const Datum& datum : data) all.push_back(datum.tensor.defined() ? &datum : nullptr);
  for (const size_t i : constant) constants[i] = &inputs[i];
  const auto types = infer_concrete(node, all);
  std::vector<Datum> outputs;
  for (const ValueType& type : types) outputs.emplace_back(Tensor(type.dtype, *to_shape(*type.dims)));
  std::vector<ValueType> input_types;
  for (const Tensor& input : inputs) input_types.push_back(ValueType::tensor(input.dtype(), to_dims(input.shape())));
  const Kernel& kernel = *std::ranges::find_if(node.op->def().kernels, [&](const Kernel& candidate) {
    if (!name.empty()) return candidate.name == name;
    return candidate.accepts == nullptr || candidate.accepts(node.params.get(), input_types).empty();
  });
  const auto packed = kernel.prepack(node.params.get(), ConstantOperands(constants));
  for (const size_t i : constant) data[i].tensor.rebind(nullptr);
  std::vector<Datum*> ins, outs;
  for (Datum& datum : data) ins.push_back(datum.tensor.defined() ? &datum : nullptr);
  for (Datum& datum : outputs) outs.push_back(&datum);
  Workspace workspace;
  ThreadPool threads(thread_count);
  const Operands::Context context{&workspace, &threads, nullptr};
  kernel.run(node.params.get(), Operands(ins, outs, packed.get(), context));
  return outputs;
}

}  // namespace mica
