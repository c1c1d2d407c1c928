// Calls of the model's own functions, replaced by the functions' nodes.
#include <algorithm>
#include <utility>

#include "graph/onnx/import.h"
#include "graph/onnx/importer.h"
#include "runtime/base/error.h"

namespace mica::onnx {
namespace {

// Functions that call others twice double with each level: what they may grow to, in bytes of nodes.
constexpr size_t kMaxInlined = size_t{64} << 20;
constexpr size_t kNodeOverhead = 256;

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::InvalidModel, what);
}

}  // namespace

void Importer::read_functions() {
  for (const auto& function : proto_.functions()) {
    const FunctionKey key(canonical_domain(function.domain()), function.name(), function.overload());
    if (!functions_.emplace(key, &function).second) {
      fail("function \"" + function.name() + "\" of domain \"" + function.domain() + "\" is given twice");
    }
  }
}

const proto::FunctionProto* Importer::called_function(const proto::NodeProto& proto, const Scope& scope) {
  if (functions_.empty()) return nullptr;
  const std::string domain = canonical_domain(proto.domain());
  const auto found = functions_.find({domain, proto.op_type(), proto.overload()});
  if (found == functions_.end()) return nullptr;
  const OpTable::Entry* op = operators_.find(domain, proto.op_type(), opset(domain, scope));
  return op != nullptr && !op->def().kernels.empty() ? nullptr : found->second;
}

void Importer::charge(const proto::NodeProto& proto, const Scope& scope) {
  inlined_ +=
      kNodeOverhead + proto.ByteSizeLong() + scope.call->prefix.size() * static_cast<size_t>(1 + proto.output_size());
  if (inlined_ > kMaxInlined) fail("the functions of the model are too large when written out");
}

void Importer::add_call(const proto::NodeProto& proto, const proto::FunctionProto& function, Scope& scope) {
  for (const Call* at = scope.call; at != nullptr; at = at->caller) {
    if (at->function == &function) fail("function \"" + function.name() + "\" calls itself");
  }
  if (scope.depth == kMaxDepth) fail("graphs and functions are nested deeper than " + std::to_string(kMaxDepth));
  if (proto.input_size() > function.input_size() || proto.output_size() > function.output_size()) {
    fail("the call has more inputs or outputs than the function");
  }
  Graph& graph = scope.frame.graph;

  Call call{&function, scope.call, read_opsets(function.opset_import()), {}, {}};
  if (scope.call != nullptr) call.prefix = scope.call->prefix;
  call.prefix += (proto.name().empty() ? proto.op_type() : proto.name()) + "/";
  for (const auto& attribute : function.attribute_proto()) call.attributes[attribute.name()] = {&attribute, nullptr};
  for (const auto& attribute : proto.attribute()) {
    if (const auto bound = bind(attribute, scope)) call.attributes[attribute.name()] = *bound;
  }

  Scope body{.frame = scope.frame, .parent = nullptr, .call = &call, .depth = scope.depth + 1, .names = {}};
  for (auto& [name, attribute] : call.attributes) {
    if (attribute.scope == nullptr) attribute.scope = &body;
  }
  for (int i = 0; i < function.input_size(); ++i) {
    const bool given = i < proto.input_size() && !proto.input(i).empty();
    body.names[function.input(i)] = {given ? lookup(proto.input(i), scope) : ValueId::None};
  }
  // An output that is an input as well, or one listed twice, is copied.
  std::vector<std::pair<std::string_view, ValueId>> copies;
  for (int i = 0; i < proto.output_size(); ++i) {
    if (proto.output(i).empty()) continue;
    const ValueId id = scope.names.at(proto.output(i)).id;
    const auto [it, is_new] = body.names.try_emplace(function.output(i), Scope::Named{id, Scope::kOpen});
    if (!is_new) copies.emplace_back(function.output(i), id);
  }
  declare_outputs(function.node(), body);
  for (const auto& [name, named] : body.names) {
    if (named.producer == Scope::kOpen) {
      fail("function \"" + function.name() + "\" does not compute its output \"" + std::string(name) + "\"");
    }
  }
  add_nodes(function.node(), body);
  for (const auto& [name, id] : copies) {
    Node copy;
    copy.op_type = "Identity";
    copy.name = call.prefix + std::string(name);
    copy.opset = opset("", body);
    copy.inputs = {lookup(name, body)};
    copy.formal_inputs = 1;
    copy.outputs = {id};
    if (copy.inputs[0] == ValueId::None) fail("output \"" + std::string(name) + "\" is an input that is not given");
    resolve(copy, operators_);
    graph.add_node(std::move(copy));
  }
}

}  // namespace mica::onnx
