#include "graph/onnx/model_writer.h"

#include <climits>
#include <cstdint>
#include <string>

#include "runtime/base/error.h"

namespace mica::onnx {
namespace {

// Tags of fields that hold bytes: ModelProto.graph, GraphProto.initializer, TensorProto.raw_data.
constexpr char kGraphTag = 7 << 3 | 2, kInitializerTag = 5 << 3 | 2, kRawDataTag = 9 << 3 | 2;

// A field's tag and the length of what follows.
std::string head(char tag, size_t length) {
  std::string bytes(1, tag);
  for (; length >= 0x80; length >>= 7) bytes.push_back(static_cast<char>(length | 0x80));
  bytes.push_back(static_cast<char>(length));
  return bytes;
}

std::string_view raw(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.raw()), tensor.bytes()};
}

size_t message_size(const Initializer& initializer) {
  const size_t size = initializer.proto.ByteSizeLong();
  if (!initializer.data.defined()) return size;
  return size + head(kRawDataTag, initializer.data.bytes()).size() + initializer.data.bytes();
}

size_t field_size(const Initializer& initializer) {
  const size_t size = message_size(initializer);
  return head(kInitializerTag, size).size() + size;
}

void write(const Initializer& initializer, const Sink& sink) {
  sink(head(kInitializerTag, message_size(initializer)));
  sink(initializer.proto.SerializeAsString());
  if (!initializer.data.defined()) return;
  sink(head(kRawDataTag, initializer.data.bytes()));
  sink(raw(initializer.data));
}

}  // namespace

// Fields are in the order of their numbers: what comes before the initializers, and before the graph, is moved into
// messages of its own.
void write_model(proto::ModelProto& model, const std::vector<Initializer>& initializers, const Sink& sink) {
  proto::GraphProto graph, nodes;
  graph.Swap(model.mutable_graph());
  model.clear_graph();
  nodes.mutable_node()->Swap(graph.mutable_node());
  nodes.set_name(graph.name());
  graph.clear_name();
  proto::ModelProto tail;
  tail.mutable_opset_import()->Swap(model.mutable_opset_import());
  tail.mutable_metadata_props()->Swap(model.mutable_metadata_props());

  const size_t nodes_size = nodes.ByteSizeLong(), rest_size = graph.ByteSizeLong();
  size_t graph_size = nodes_size + rest_size;
  for (const Initializer& initializer : initializers) graph_size += field_size(initializer);
  if (nodes_size > INT_MAX || graph_size + model.ByteSizeLong() + tail.ByteSizeLong() > INT_MAX) {
    throw Error(ErrorCode::Unsupported, "the model is larger than the 2 GB that one file can hold");
  }
  sink(model.SerializeAsString());
  sink(head(kGraphTag, graph_size));
  sink(nodes.SerializeAsString());
  for (const Initializer& initializer : initializers) write(initializer, sink);
  sink(graph.SerializeAsString());
  sink(tail.SerializeAsString());
}

}  // namespace mica::onnx
