#include "graph/inference.h"

#include <algorithm>
#include <string>
#include <utility>

#include "runtime/base/error.h"

namespace mica {
namespace {

class Inference {
 public:
  Inference(Strictness strictness, std::string scope) : strictness_(strictness), scope_(std::move(scope)) {}

  size_t run(Graph& graph) {
    for (const NodeId id : graph.order()) run(graph, graph.node(id));
    return changes_;
  }

  void run(Graph& graph, Node& node) {
    if (node.op == nullptr || !node.op->def().infer) return;
    try {
      infer_outputs(graph, node);
    } catch (const Error& error) {
      throw error.within(node.str());
    }
  }

 private:
  void infer_outputs(Graph& graph, Node& node) {
    std::vector<InferContext::Input> inputs(node.formal_inputs);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (node.inputs[i] == ValueId::None) continue;
      const Value& value = graph.value(node.inputs[i]);
      inputs[i].type = &value.type;
      if (value.constant.defined()) inputs[i].constant = &value.constant;
      if (value.contents) inputs[i].contents = &*value.contents;
    }
    check_input_types(node, inputs);
    const std::string label = scope_ + label_of(graph, node);
    const InferContext::SubgraphInference subgraphs = [&](size_t index, std::span<const ValueType> types) {
      return infer_subgraph(graph, node, index, types, label);
    };
    std::vector<InferContext::Output> outputs(node.outputs.size());
    InferContext ctx(inputs, outputs, label, &subgraphs);
    node.op->def().infer(node.params.get(), ctx);
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (node.outputs[i] != ValueId::None) settle(graph.value(node.outputs[i]), std::move(outputs[i]));
    }
  }

  static std::string label_of(const Graph& graph, const Node& node) {
    for (const ValueId output : node.outputs) {
      if (output != ValueId::None) return graph.value(output).name;
    }
    return node.name;
  }

  static void check_input_types(const Node& node, std::span<const InferContext::Input> inputs) {
    const auto& formals = node.op->def().inputs;
    for (size_t i = 0; i < inputs.size() && !formals.empty(); ++i) {
      const FormalParameter& formal = formals[std::min(i, formals.size() - 1)];
      if (inputs[i].type == nullptr || formal.types.empty() || !inputs[i].type->is_tensor()) continue;
      const DType dtype = inputs[i].type->dtype;
      if (dtype == DType::Undefined || formal.types.contains(dtype)) continue;
      throw Error(ErrorCode::InvalidModel, "input \"" + std::string(formal.name) + "\" is " + std::string(name(dtype)) +
                                               ", the operator takes " + formal.types.str());
    }
  }

  // Replaces what was declared by what was inferred, where that says as much.
  void settle(Value& value, InferContext::Output inferred) {
    update(value.contents, std::move(inferred.contents));
    ValueType& declared = value.type;
    ValueType& found = inferred.type;
    if (found.kind == ValueType::Kind::Unknown) return;
    if (strictness_ == Strictness::Strict && !compatible(declared, found)) {
      throw Error(ErrorCode::InvalidModel, "output \"" + value.name + "\" is declared as " + declared.str() +
                                               " but its inputs make it " + found.str());
    }
    const bool keep_dims = found.is_tensor() && !found.dims && declared.is_tensor() && declared.dims &&
                           std::ranges::all_of(*declared.dims, &Dim::is_constant);
    if (keep_dims) found.dims = declared.dims;
    update(declared, std::move(found));
  }

  template <class T>
  void update(T& known, T found) {
    if (known == found) return;
    known = std::move(found);
    ++changes_;
  }

  static bool compatible(const ValueType& a, const ValueType& b) {
    if (a.kind != b.kind) return a.kind == ValueType::Kind::Unknown || b.kind == ValueType::Kind::Unknown;
    if (!a.is_tensor()) return true;
    if (a.dtype != b.dtype && a.dtype != DType::Undefined && b.dtype != DType::Undefined) return false;
    if (!a.dims || !b.dims) return true;
    return std::ranges::equal(
        *a.dims, *b.dims, [](const Dim& x, const Dim& y) { return x == y || !x.is_constant() || !y.is_constant(); });
  }

  std::vector<ValueType> infer_subgraph(Graph& outer, Node& node, size_t index, std::span<const ValueType> types,
                                        const std::string& label) {
    const std::string_view name = node.op->def().subgraphs.at(index);
    const auto sub = std::ranges::find(node.subgraphs, name, &Subgraph::name);
    if (sub == node.subgraphs.end())
      throw Error(ErrorCode::InvalidModel, "subgraph \"" + std::string(name) + "\" is missing");
    Graph& body = *sub->graph;
    for (size_t i = 0; i < body.inputs.size() && i < types.size(); ++i) {
      if (types[i].kind != ValueType::Kind::Unknown) update(body.value(body.inputs[i]).type, types[i]);
    }
    for (size_t i = 0; i < body.captures.size(); ++i) {
      if (body.captures[i] == ValueId::None) continue;
      Value& inner = body.value(body.captures[i]);
      const Value& captured = outer.value(node.inputs[node.formal_inputs + i]);
      update(inner.type, captured.type);
      update(inner.contents, captured.contents);
      if (captured.constant.defined()) inner.constant = captured.constant;
    }
    changes_ += Inference(strictness_, label + "/" + std::string(name) + "/").run(body);
    std::vector<ValueType> outputs;
    for (const ValueId output : body.outputs) outputs.push_back(body.value(output).type);
    return outputs;
  }

  Strictness strictness_;
  std::string scope_;
  size_t changes_ = 0;  // of what was known of a value
};

}  // namespace

size_t infer_types(Graph& graph, Strictness strictness) {
  return Inference(strictness, "").run(graph);
}

void infer_node(Graph& graph, NodeId node, Strictness strictness) {
  Inference(strictness, "").run(graph, graph.node(node));
}

NodeId add_node(Graph& graph, const OpTable& operators, Node node, std::vector<ValueId> inputs,
                const std::vector<bool>& wanted, Contradiction contradiction) {
  node.formal_inputs = inputs.size();
  node.inputs = std::move(inputs);
  // Value 0 stands for each output that is wanted, until it is known that there will be some.
  node.outputs.clear();
  for (const bool output : wanted) node.outputs.push_back(output ? ValueId{0} : ValueId::None);
  resolve(node, operators);
  if (node.op == nullptr) {
    throw Error(ErrorCode::Unsupported,
                "this build has no " + node.op_type + " of opset " + std::to_string(node.opset));
  }
  for (ValueId& output : node.outputs) output = output == ValueId::None ? output : graph.add_value("");
  const NodeId id = graph.add_node(std::move(node));
  try {
    infer_node(graph, id);
  } catch (const Error&) {
    if (contradiction == Contradiction::Kept) return id;
    graph.remove_node(id);
    throw;
  }
  return id;
}

}  // namespace mica
