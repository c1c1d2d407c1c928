// Runs one operator of the table on tensors, for unit tests.
#pragma once

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

/// An undefined tensor stands for an absent input.
inline std::vector<Datum> run_op(const OpCall& call, const std::vector<Tensor>& inputs) {
  Node node;
  node.domain = call.domain;
  node.op_type = call.op_type;
  node.opset = call.opset;
  node.attributes = call.attributes;
  for (uint32_t i = 0; i < inputs.size(); ++i) node.inputs.push_back(inputs[i].defined() ? ValueId{i} : ValueId::None);
  node.formal_inputs = inputs.size();
  for (uint32_t i = 0; i < call.outputs; ++i) node.outputs.push_back(ValueId{1000 + i});
  resolve(node, operators());
  std::vector<Datum> data(inputs.begin(), inputs.end());
  std::vector<const Datum*> pointers;
  for (const Datum& datum : data) pointers.push_back(datum.tensor.defined() ? &datum : nullptr);
  Workspace workspace;
  ThreadPool threads(1);
  return evaluate(node, pointers, {&workspace, &threads, nullptr});
}

}  // namespace mica
