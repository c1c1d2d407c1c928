// Import of a graph: its inputs, initializers, outputs, and the names of its values.
#include <algorithm>
#include <utility>

#include "graph/onnx/importer.h"
#include "graph/onnx/types.h"
#include "runtime/base/error.h"

namespace mica::onnx {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::InvalidModel, what);
}

std::string quoted(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

bool is_constant(const proto::NodeProto& node) {
  return node.op_type() == "Constant" && canonical_domain(node.domain()).empty() && node.output_size() == 1;
}

Dim unknown_dim(std::string_view name) {
  return Dim::symbol(kUnknownSign + std::string(name));
}

}  // namespace

void Importer::fill(const proto::GraphProto& proto, Scope& scope) {
  Graph& graph = scope.frame.graph;
  graph.name = proto.name();
  // Most nodes give one value, and rules add about as many again; of a hostile file there may be millions.
  constexpr int kMostExpected = 1 << 14;
  const auto expected = [&](int count) { return static_cast<size_t>(2 * std::min(count, kMostExpected)); };
  const size_t nodes = expected(proto.node_size());
  graph.reserve(nodes, nodes + expected(proto.initializer_size()) + expected(proto.input_size()));
  add_inputs(proto, scope);
  add_initializers(proto, scope);
  declare_outputs(proto.node(), scope);
  declare_types(proto, scope);
  add_nodes(proto.node(), scope);
  add_outputs(proto, scope);
  graph.order();
}

// Dims of the model's inputs are symbols. Elsewhere only such a symbol may be relied on: other names, and all names
// within subgraphs, whose shapes may differ from one run of the body to the next, stand for what only a run can tell.
ValueType Importer::value_type(const proto::ValueInfoProto& info, const Scope& scope, bool is_input) {
  const bool is_model_input = is_input && scope.parent == nullptr;
  const NameDim name_dim = [&](std::string_view param, size_t axis) {
    std::string name(param);
    if (name.empty() || is_unknown_symbol(name)) name = info.name() + "." + std::to_string(axis);
    if (is_model_input) {
      symbols_.insert(name);
      return Dim::symbol(name);
    }
    if (scope.parent != nullptr) return unknown_dim(info.name() + "." + std::to_string(axis));
    return symbols_.contains(name) && !param.empty() ? Dim::symbol(name) : unknown_dim(name);
  };
  try {
    return read_type(info.type(), name_dim);
  } catch (const Error& error) {
    throw error.within("value " + quoted(info.name()));
  }
}

void Importer::add_inputs(const proto::GraphProto& proto, Scope& scope) {
  Graph& graph = scope.frame.graph;
  for (const auto& info : proto.input()) {
    if (info.name().empty()) fail("graph " + quoted(proto.name()) + " has an input without a name");
    if (scope.names.contains(info.name())) fail("two inputs have the name " + quoted(info.name()));
    for (const auto& dim : info.type().tensor_type().shape().dim()) {
      if (dim.dim_value() < 0) note_once("input " + quoted(info.name()) + ": a negative dim is taken as any size");
    }
    const ValueId id = graph.add_value(info.name(), value_type(info, scope, true));
    graph.inputs.push_back(id);
    scope.names[info.name()] = {id};
  }
}

void Importer::add_initializers(const proto::GraphProto& proto, Scope& scope) {
  for (const auto& tensor : proto.initializer()) add_initializer(tensor.name(), tensors_.read(tensor), scope);
  for (const auto& sparse : proto.sparse_initializer()) {
    add_initializer(sparse.values().name(), tensors_.read(sparse), scope);
  }
  Graph& graph = scope.frame.graph;
  graph.inputs.erase_if([&](ValueId id) { return graph.value(id).constant.defined(); });
}

void Importer::add_initializer(const std::string& name, Tensor tensor, Scope& scope) {
  Graph& graph = scope.frame.graph;
  if (name.empty()) fail("an initializer has no name");
  ValueType type = ValueType::tensor(tensor.dtype(), to_dims(tensor.shape()));
  const auto [it, is_new] = scope.names.try_emplace(name, Scope::Named{ValueId::None});
  if (is_new) {
    it->second.id = graph.add_constant(name, std::move(tensor));
    return;
  }
  const ValueId id = it->second.id;
  if (!graph.value(id).constant.defined()) {  // an input
    if (scope.parent != nullptr) {
      note_once("initializers of inputs of subgraphs are not used: these inputs are always given");
      return;
    }
    note_once("inputs that have an initializer are taken as constants");
  } else {
    note_once("initializers are given more than once: the last one counts");
  }
  graph.value(id).type = std::move(type);
  graph.value(id).constant = std::move(tensor);
}

void Importer::declare_outputs(const NodeList& nodes, Scope& scope) {
  for (int i = 0; i < nodes.size(); ++i) {
    for (const std::string& name : nodes[i].output()) {
      if (name.empty()) continue;
      const auto [it, is_new] = scope.names.try_emplace(name, Scope::Named{ValueId::None, i});
      if (is_new) {
        const bool is_inlined = scope.call != nullptr && scope.parent == nullptr;
        it->second.id = scope.frame.graph.add_value(is_inlined ? scope.call->prefix + name : name);
      } else if (it->second.producer == Scope::kOpen) {
        it->second.producer = i;
      } else if (it->second.producer == Scope::kGiven) {
        fail(quoted(name) + " is an output of " + describe(nodes[i]) + ", but also an input or an initializer");
      } else if (is_constant(nodes[it->second.producer]) && is_constant(nodes[i])) {
        it->second.producer = i;  // as ONNX Runtime takes it
        note_once("constants are given more than once: the last one counts");
      } else {
        fail(quoted(name) + " is an output of both " + describe(nodes[it->second.producer]) + " and " +
             describe(nodes[i]));
      }
    }
  }
}

void Importer::declare_types(const proto::GraphProto& proto, Scope& scope) {
  const auto declare = [&](const proto::ValueInfoProto& info) {
    const auto found = scope.names.find(info.name());
    if (found == scope.names.end() || found->second.producer == Scope::kGiven) return;
    scope.frame.graph.value(found->second.id).type = value_type(info, scope, false);
  };
  std::ranges::for_each(proto.value_info(), declare);
  std::ranges::for_each(proto.output(), declare);
}

void Importer::add_outputs(const proto::GraphProto& proto, Scope& scope) {
  Graph& graph = scope.frame.graph;
  std::set<std::string_view> seen;
  for (const auto& info : proto.output()) {
    if (info.name().empty()) fail("graph " + quoted(proto.name()) + " has an output without a name");
    if (!seen.insert(info.name()).second) fail("two outputs have the name " + quoted(info.name()));
    const ValueId id = lookup(info.name(), scope);
    if (id == ValueId::None) fail("output " + quoted(info.name()) + " is produced by no node");
    graph.outputs.push_back(id);
  }
}

}  // namespace mica::onnx
