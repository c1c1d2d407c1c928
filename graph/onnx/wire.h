// The protobuf wire format of a mapped file: parsed without reading the weights.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace google::protobuf {
class MessageLite;
}

namespace mica::onnx {

/// Messages that contain tensors at any depth.
enum class Message { Model, Graph, Function, Node, Attribute, Tensor, SparseTensor, Sequence, Map, Optional, Other };

/// A copy of the serialised message `bytes` in which each TensorProto has `raw_offset` and `raw_size`, its place in
/// `bytes`, instead of `raw_data`. Parts that Mica does not use are left out, so the copy is small even when `bytes`
/// is larger than the 2 GB that protobuf can handle. Throws InvalidModel when `bytes` is not well-formed or is nested
/// deeper than `kMaxNesting` messages.
std::string skeleton(std::span<const std::byte> bytes, Message kind);

/// Fills `message` from the skeleton of `bytes`. Throws InvalidModel when that is no such message.
void parse(std::span<const std::byte> bytes, Message kind, google::protobuf::MessageLite& message);

/// A graph in a node's attribute is three messages deeper than the graph around it.
inline constexpr int kMaxNesting = 200;

}  // namespace mica::onnx
