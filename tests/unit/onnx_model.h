// Small ONNX models made in memory, for tests of the import.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/onnx/import.h"
#include "graph/onnx/onnx.pb.h"
#include "graph/onnx/tensor_proto.h"
#include "runtime/base/error.h"

namespace mica {

namespace proto = onnx::proto;

inline proto::ModelProto new_model(int64_t opset = 20) {
  proto::ModelProto model;
  model.set_ir_version(10);
  model.mutable_graph()->set_name("g");
  model.add_opset_import()->set_version(opset);
  return model;
}

/// The next node of a graph or a function.
template <class Nodes>
proto::NodeProto& add_node(Nodes& to, const std::string& op, const std::vector<std::string>& inputs,
                           const std::vector<std::string>& outputs, const std::string& domain = "") {
  auto& node = *to.add_node();
  node.set_op_type(op);
  node.set_domain(domain);
  for (const std::string& name : inputs) node.add_input(name);
  for (const std::string& name : outputs) node.add_output(name);
  return node;
}

/// A float tensor input or output; dims below 0 are left without a value.
inline void add_info(proto::ValueInfoProto& info, const std::string& name, const std::vector<int64_t>& dims) {
  info.set_name(name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(1);
  tensor.mutable_shape();
  for (const int64_t dim : dims) {
    auto& proto = *tensor.mutable_shape()->add_dim();
    if (dim >= 0) proto.set_dim_value(dim);
  }
}

inline proto::GraphProto& add_graph(proto::NodeProto& node, const std::string& attribute) {
  auto& proto = *node.add_attribute();
  proto.set_name(attribute);
  proto.set_type(proto::AttributeProto::GRAPH);
  return *proto.mutable_g();
}

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

inline const OpTable& no_operators() {
  static const OpTable table({});
  return table;
}

/// The weights keep the bytes alive.
inline GraphModel import_proto(const proto::ModelProto& model, const OpTable& operators = no_operators()) {
  const auto bytes = std::make_shared<const std::string>(model.SerializeAsString());
  return onnx::import_model(bytes_of(*bytes), bytes, operators);
}

/// What an import says that must fail; "" when it does not.
inline std::string import_error(const proto::ModelProto& model) {
  try {
    import_proto(model);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace mica
