#include "graph/onnx/export.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include "graph/onnx/model_writer.h"
#include "graph/onnx/onnx.pb.h"
#include "graph/onnx/tensor_proto.h"
#include "graph/onnx/types.h"
#include "graph/scoped_names.h"
#include "runtime/base/error.h"
#include "runtime/base/new_file.h"

namespace mica::onnx {
namespace {

namespace fs = std::filesystem;
using Type = proto::AttributeProto;

constexpr int64_t kMinIrVersion = 4;  // the first one in which an initializer need not be an input
constexpr int64_t kLastIrVersion = 13;
constexpr size_t kExternalAlignment = 64;
constexpr size_t kMinExternal = 1024;  // smaller weights stay in the model

// The file that takes the large weights.
struct DataFile {
  explicit DataFile(const std::string& path)
      : file(path), stream(file.stream()), location(fs::path(path).filename().string()) {}

  NewFile file;
  std::ofstream& stream;
  std::string location;
  size_t size = 0;

  size_t append(const Tensor& tensor) {
    const size_t padding = (kExternalAlignment - size % kExternalAlignment) % kExternalAlignment;
    stream.write(std::string(padding, '\0').data(), static_cast<std::streamsize>(padding));
    stream.write(static_cast<const char*>(tensor.raw()), static_cast<std::streamsize>(tensor.bytes()));
    const size_t offset = size + padding;
    size = offset + tensor.bytes();
    return offset;
  }
};

class Exporter {
 public:
  Exporter(const GraphModel& model, DataFile* data) : opsets_(model.opsets), data_(data) {
    proto_.set_ir_version(std::clamp(model.ir_version, kMinIrVersion, kLastIrVersion));
    proto_.set_producer_name(model.producer);
    if (!model.doc.empty()) proto_.set_doc_string(model.doc);
    for (const auto& [key, value] : model.metadata) add_entry(*proto_.add_metadata_props(), key, value);
    const ScopedNames names(*model.graph);
    write(*model.graph, names, *proto_.mutable_graph());
    for (const auto& [domain, version] : opsets_) {
      auto& opset = *proto_.add_opset_import();
      opset.set_domain(domain);
      opset.set_version(version);
    }
  }

  /// Once only.
  void write_to(const Sink& sink) { write_model(proto_, initializers_, sink); }

 private:
  static void add_entry(proto::StringStringEntryProto& entry, const std::string& key, const std::string& value) {
    entry.set_key(key);
    entry.set_value(value);
  }

  void write(const Graph& graph, const ScopedNames& scope, proto::GraphProto& proto) {
    ScopedNames names = scope;
    proto.set_name(graph.name.empty() ? "graph" : graph.name);
    for (const ValueId id : graph.inputs) write_info(graph, id, names[id], *proto.add_input());

    std::unordered_set<ValueId> given(graph.captures.begin(), graph.captures.end());
    for (size_t i = 0; i < graph.value_count(); ++i) {
      const ValueId id{static_cast<uint32_t>(i)};
      const Value& value = graph.value(id);
      const bool is_initializer = value.constant.defined() && value.producer == NodeId::None && !given.contains(id);
      if (is_initializer && !graph.is_unused(id)) write_initializer(value.constant, names[id], proto);
    }
    for (const NodeId id : graph.order()) {
      const Node& node = graph.node(id);
      write(node, names, *proto.add_node());
      for (const ValueId output : node.outputs) {
        if (output == ValueId::None || graph.is_output(output)) continue;
        // The standard wants a shape wherever a tensor's type is told.
        const ValueType& type = graph.value(output).type;
        if (type.kind != ValueType::Kind::Unknown && (!type.is_tensor() || type.dims)) {
          write_info(graph, output, names[output], *proto.add_value_info());
        }
      }
    }
    // An output that is captured from outside, or listed before, is a copy under another name.
    for (const ValueId id : graph.outputs) {
      std::string name = names[id];
      if (!given.insert(id).second) {
        name = names.unused(name);
        auto& copy = *proto.add_node();
        copy.set_op_type("Identity");
        copy.add_input(names[id]);
        copy.add_output(name);
        opsets_.try_emplace("", 13);
      }
      write_info(graph, id, name, *proto.add_output());
    }
  }

  void write(const Node& node, const ScopedNames& names, proto::NodeProto& proto) {
    proto.set_op_type(node.op_type);
    if (!node.domain.empty()) proto.set_domain(node.domain);
    if (!node.name.empty()) proto.set_name(node.name);
    const int64_t version = opsets_.try_emplace(node.domain, node.opset).first->second;
    if (version != node.opset) {
      throw Error(ErrorCode::Unsupported, node.str() + " is of version " + std::to_string(node.opset) + " of \"" +
                                              node.domain + "\", others of version " + std::to_string(version) +
                                              ": a file can hold only one");
    }
    const auto add = [&](ValueId id, std::string* name) {
      if (id != ValueId::None) *name = names[id];
    };
    for (size_t i = 0; i < node.formal_inputs; ++i) add(node.inputs[i], proto.add_input());
    for (const ValueId id : node.outputs) add(id, proto.add_output());
    for (const auto& [name, value] : node.attributes) {
      auto& attribute = *proto.add_attribute();
      attribute.set_name(name);
      std::visit([&](const auto& held) { write(held, attribute); }, value);
    }
    for (const Subgraph& sub : node.subgraphs) {
      auto& attribute = *proto.add_attribute();
      attribute.set_name(sub.name);
      attribute.set_type(Type::GRAPH);
      write(*sub.graph, ScopedNames(*sub.graph, names, node), *attribute.mutable_g());
    }
  }

  static void write_info(const Graph& graph, ValueId id, const std::string& name, proto::ValueInfoProto& proto) {
    proto.set_name(name);
    const ValueType& type = graph.value(id).type;
    if (type.kind != ValueType::Kind::Unknown) write_type(type, *proto.mutable_type());
  }

  // The weights of the model's graph are not copied into the message, those within nodes are.
  void write_initializer(const Tensor& tensor, const std::string& name, proto::GraphProto& graph) {
    const bool is_outer = &graph == &proto_.graph();
    proto::TensorProto& proto = is_outer ? initializers_.emplace_back().proto : *graph.add_initializer();
    if (data_ != nullptr && tensor.dtype() != DType::String && tensor.bytes() >= kMinExternal) {
      write_tensor_type(tensor, name, proto);
      proto.set_data_location(1);
      add_entry(*proto.add_external_data(), "location", data_->location);
      add_entry(*proto.add_external_data(), "offset", std::to_string(data_->append(tensor)));
      add_entry(*proto.add_external_data(), "length", std::to_string(tensor.bytes()));
    } else if (is_outer && tensor.dtype() != DType::String) {
      write_tensor_type(tensor, name, proto);
      initializers_.back().data = tensor;
    } else {
      write_tensor(tensor, name, proto);
    }
  }

  static void write(int64_t value, Type& proto) {
    proto.set_type(Type::INT);
    proto.set_i(value);
  }
  static void write(float value, Type& proto) {
    proto.set_type(Type::FLOAT);
    proto.set_f(value);
  }
  static void write(const std::string& value, Type& proto) {
    proto.set_type(Type::STRING);
    proto.set_s(value);
  }
  static void write(const Tensor& value, Type& proto) {
    proto.set_type(Type::TENSOR);
    write_tensor(value, "", *proto.mutable_t());
  }
  static void write(const ValueType& value, Type& proto) {
    proto.set_type(Type::TYPE_PROTO);
    write_type(value, *proto.mutable_tp());
  }
  static void write(const std::vector<int64_t>& values, Type& proto) {
    proto.set_type(Type::INTS);
    proto.mutable_ints()->Add(values.begin(), values.end());
  }
  static void write(const std::vector<float>& values, Type& proto) {
    proto.set_type(Type::FLOATS);
    proto.mutable_floats()->Add(values.begin(), values.end());
  }
  static void write(const std::vector<std::string>& values, Type& proto) {
    proto.set_type(Type::STRINGS);
    for (const std::string& value : values) proto.add_strings(value);
  }
  static void write(const std::vector<Tensor>& values, Type& proto) {
    proto.set_type(Type::TENSORS);
    for (const Tensor& value : values) write_tensor(value, "", *proto.add_tensors());
  }
  static void write(const std::vector<ValueType>& values, Type& proto) {
    proto.set_type(Type::TYPE_PROTOS);
    for (const ValueType& value : values) write_type(value, *proto.add_type_protos());
  }

  std::map<std::string, int64_t, std::less<>> opsets_;
  DataFile* data_;
  proto::ModelProto proto_;
  std::vector<Initializer> initializers_;  // of the model's graph
};

size_t weight_bytes(const Graph& graph) {
  size_t bytes = 0;
  for (size_t i = 0; i < graph.value_count(); ++i) {
    const Tensor& constant = graph.value(ValueId{static_cast<uint32_t>(i)}).constant;
    if (constant.defined()) bytes += constant.bytes();
  }
  return bytes;
}

}  // namespace

std::string export_model(const GraphModel& model) {
  std::string bytes;
  Exporter(model, nullptr).write_to([&](std::string_view part) { bytes += part; });
  return bytes;
}

void save_model(const GraphModel& model, const std::string& path, size_t inline_limit, const std::string& data_name) {
  std::optional<DataFile> data;
  if (weight_bytes(*model.graph) > inline_limit) {
    data.emplace(data_name.empty() ? path + ".data" : (fs::path(path).parent_path() / data_name).string());
  }
  Exporter exporter(model, data ? &*data : nullptr);
  NewFile file(path);
  exporter.write_to(
      [&](std::string_view part) { file.stream().write(part.data(), static_cast<std::streamsize>(part.size())); });
  file.close();
  if (data) data->file.finish();
  file.finish();
}

}  // namespace mica::onnx
