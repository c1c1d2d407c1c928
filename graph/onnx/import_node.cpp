// Import of nodes: operands, attributes, and subgraphs with what they capture.
#include <algorithm>
#include <utility>

#include "graph/onnx/import.h"
#include "graph/onnx/importer.h"
#include "graph/onnx/types.h"
#include "runtime/base/error.h"

namespace mica::onnx {
namespace {

using Type = proto::AttributeProto;  // names the kinds of attributes

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::InvalidModel, what);
}

// Old files leave the type out: it is the field that is set.
int attribute_type(const proto::AttributeProto& proto) {
  if (proto.type() != Type::UNDEFINED) return proto.type();
  if (proto.has_f()) return Type::FLOAT;
  if (proto.has_i()) return Type::INT;
  if (proto.has_s()) return Type::STRING;
  if (proto.has_t()) return Type::TENSOR;
  if (proto.has_g()) return Type::GRAPH;
  if (proto.has_tp()) return Type::TYPE_PROTO;
  if (proto.has_sparse_tensor()) return Type::SPARSE_TENSOR;
  if (proto.floats_size() > 0) return Type::FLOATS;
  if (proto.strings_size() > 0) return Type::STRINGS;
  if (proto.tensors_size() > 0) return Type::TENSORS;
  return Type::INTS;
}

// Moves a value from the graph where a name was found into one within it, through all graphs between.
ValueId bring(ValueId id, const Frame& from, Frame& to) {
  if (&from == &to || id == ValueId::None) return id;
  return to.capture(bring(id, from, *to.outer));
}

}  // namespace

std::string describe(const proto::NodeProto& proto) {
  Node node;
  node.domain = canonical_domain(proto.domain());
  node.op_type = proto.op_type();
  node.name = proto.name();
  if (node.name.empty() && proto.output_size() > 0) node.name = proto.output(0);
  return node.str();
}

ValueId Frame::capture(ValueId outer_id) {
  const auto [it, is_new] = inner.try_emplace(outer_id, ValueId::None);
  if (!is_new) return it->second;
  const Value& value = outer->graph.value(outer_id);
  it->second = graph.add_value(value.name, value.type);
  graph.value(it->second).constant = value.constant;
  captured.push_back(outer_id);
  return it->second;
}

ValueId Importer::lookup(std::string_view name, const Scope& scope) const {
  for (const Scope* at = &scope; at != nullptr; at = at->parent) {
    const auto found = at->names.find(name);
    if (found != at->names.end()) return bring(found->second.id, at->frame, scope.frame);
  }
  fail("\"" + std::string(name) + "\" is no output of any node, no input and no initializer");
}

int64_t Importer::opset(const std::string& domain, const Scope& scope) {
  if (scope.call != nullptr) {
    const auto found = scope.call->opsets.find(domain);
    if (found != scope.call->opsets.end()) return found->second;
  }
  const auto [it, is_new] = model_.opsets.try_emplace(domain, 1);
  if (is_new) {
    note_once("the version of domain \"" + (domain.empty() ? "ai.onnx" : domain) + "\" is not given: taken as 1");
  }
  return it->second;
}

// The attribute itself, or the caller's one that it refers to; nullopt when the caller leaves that out.
std::optional<BoundAttribute> Importer::bind(const proto::AttributeProto& attribute, const Scope& scope) {
  if (attribute.ref_attr_name().empty()) return BoundAttribute{&attribute, &scope};
  if (scope.call == nullptr) fail("attribute \"" + attribute.name() + "\" refers to one of a function");
  const auto found = scope.call->attributes.find(attribute.ref_attr_name());
  if (found == scope.call->attributes.end()) return std::nullopt;
  return found->second;
}

void Importer::add_nodes(const NodeList& nodes, Scope& scope) {
  for (int i = 0; i < nodes.size(); ++i) {
    try {
      add_node(nodes[i], i, scope);
    } catch (const Error& error) {
      throw error.within(describe(nodes[i]));
    }
  }
}

void Importer::add_node(const proto::NodeProto& proto, int index, Scope& scope) {
  if (proto.op_type().empty()) fail("the node has no operator");
  if (scope.call != nullptr) charge(proto, scope);
  if (proto.output_size() == 1 && !proto.output(0).empty() && scope.names.at(proto.output(0)).producer != index) return;
  for (const std::string& name : proto.input()) {
    const auto found = scope.names.find(name);
    if (found != scope.names.end() && found->second.producer > index) {
      note_once("nodes are not in the order in which they can run: sorted");
    }
  }
  if (const proto::FunctionProto* function = called_function(proto, scope)) {
    add_call(proto, *function, scope);
    return;
  }

  Node node;
  node.domain = canonical_domain(proto.domain());
  node.op_type = proto.op_type();
  node.name = scope.call == nullptr ? proto.name() : scope.call->prefix + proto.name();
  node.opset = opset(node.domain, scope);
  for (const std::string& name : proto.input()) {
    node.inputs.push_back(name.empty() ? ValueId::None : lookup(name, scope));
  }
  node.formal_inputs = node.inputs.size();
  for (const std::string& name : proto.output()) {
    node.outputs.push_back(name.empty() ? ValueId::None : scope.names.at(name).id);
  }
  std::vector<Frame> frames;
  frames.reserve(static_cast<size_t>(proto.attribute_size()));  // the frames of nested graphs point at these
  for (const auto& attribute : proto.attribute()) {
    const auto bound = bind(attribute, scope);
    if (!bound) continue;
    const auto known = std::ranges::find(node.subgraphs, attribute.name(), &Subgraph::name);
    if (attribute.name().empty() || node.attributes.contains(attribute.name()) || known != node.subgraphs.end()) {
      fail("attribute \"" + attribute.name() + "\" is given twice or has no name");
    }
    try {
      if (attribute_type(*bound->proto) == Type::GRAPH) {
        node.subgraphs.push_back({attribute.name(), std::make_unique<Graph>()});
        add_subgraph(bound->proto->g(), *bound->scope, scope, node, frames);
      } else {
        node.attributes.emplace(attribute.name(), read_attribute(*bound->proto));
      }
    } catch (const Error& error) {
      throw error.within("attribute \"" + attribute.name() + "\"");
    }
  }
  add_captures(node, frames);
  resolve(node, operators_);
  scope.frame.graph.add_node(std::move(node));
}

void Importer::add_subgraph(const proto::GraphProto& proto, const Scope& around, Scope& scope, Node& node,
                            std::vector<Frame>& frames) {
  if (scope.depth == kMaxDepth) fail("graphs and functions are nested deeper than " + std::to_string(kMaxDepth));
  Frame& frame = frames.emplace_back(Frame{*node.subgraphs.back().graph, &scope.frame, {}, {}});
  Scope inner{.frame = frame, .parent = &around, .call = around.call, .depth = scope.depth + 1, .names = {}};
  fill(proto, inner);
}

void Importer::add_captures(Node& node, const std::vector<Frame>& frames) {
  std::set<ValueId> known;
  for (const Frame& frame : frames) {
    for (const ValueId outer : frame.captured) {
      if (known.insert(outer).second) node.inputs.push_back(outer);
    }
  }
  for (const Frame& frame : frames) {
    for (size_t i = node.formal_inputs; i < node.inputs.size(); ++i) {
      const auto found = frame.inner.find(node.inputs[i]);
      frame.graph.captures.push_back(found == frame.inner.end() ? ValueId::None : found->second);
    }
  }
}

Attribute Importer::read_attribute(const proto::AttributeProto& proto) {
  const NameDim no_name = [](std::string_view, size_t axis) {
    return Dim::symbol(kUnknownSign + std::string("type.") + std::to_string(axis));
  };
  switch (attribute_type(proto)) {
    case Type::FLOAT:
      return proto.f();
    case Type::INT:
      return int64_t{proto.i()};
    case Type::STRING:
      return proto.s();
    case Type::TENSOR:
      return tensors_.read(proto.t());
    case Type::SPARSE_TENSOR:
      return tensors_.read(proto.sparse_tensor());
    case Type::TYPE_PROTO:
      return read_type(proto.tp(), no_name);
    case Type::FLOATS:
      return std::vector<float>(proto.floats().begin(), proto.floats().end());
    case Type::INTS:
      return std::vector<int64_t>(proto.ints().begin(), proto.ints().end());
    case Type::STRINGS:
      return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    case Type::TENSORS: {
      std::vector<Tensor> tensors;
      for (const auto& tensor : proto.tensors()) tensors.push_back(tensors_.read(tensor));
      return tensors;
    }
    case Type::SPARSE_TENSORS: {
      std::vector<Tensor> tensors;
      for (const auto& tensor : proto.sparse_tensors()) tensors.push_back(tensors_.read(tensor));
      return tensors;
    }
    case Type::TYPE_PROTOS: {
      std::vector<ValueType> types;
      for (const auto& type : proto.type_protos()) types.push_back(read_type(type, no_name));
      return types;
    }
    case Type::GRAPHS:
      throw Error(ErrorCode::Unsupported, "a list of graphs");
    default:
      fail("unknown type " + std::to_string(proto.type()));
  }
}

}  // namespace mica::onnx
