// Infers one operator of the table on what is known of its inputs, for unit tests.
#pragma once

#include <vector>

#include "tests/unit/run_op.h"

namespace mica {

/// One of unknown kind stands for an absent input.
struct KnownInput {
  ValueType type;
  std::optional<Dims> contents = {};
};

/// A tensor of which the dims are known.
inline KnownInput tensor_input(DType dtype, Dims dims) {
  return {ValueType::tensor(dtype, std::move(dims))};
}

/// An int64 vector of known elements.
inline KnownInput vector_input(Dims contents) {
  return {ValueType::tensor(DType::I64, Dims{static_cast<int64_t>(contents.size())}), contents};
}

inline std::vector<InferContext::Output> infer_op(const OpCall& call, const std::vector<KnownInput>& inputs) {
  Node node;
  node.domain = call.domain;
  node.op_type = call.op_type;
  node.opset = call.opset;
  node.attributes = call.attributes;
  std::vector<InferContext::Input> seen(inputs.size());
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    node.inputs.push_back(inputs[i].type.kind == ValueType::Kind::Unknown ? ValueId::None : ValueId{i});
    if (node.inputs.back() == ValueId::None) continue;
    seen[i].type = &inputs[i].type;
    seen[i].contents = inputs[i].contents ? &*inputs[i].contents : nullptr;
  }
  node.formal_inputs = inputs.size();
  for (uint32_t i = 0; i < call.outputs; ++i) node.outputs.push_back(ValueId{1000 + i});
  resolve(node, operators());
  std::vector<InferContext::Output> outputs(call.outputs);
  InferContext ctx(seen, outputs, "node");
  node.op->def().infer(node.params.get(), ctx);
  return outputs;
}

}  // namespace mica
