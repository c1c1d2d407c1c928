// The bytes of an ONNX file, made without a copy of the weights.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "graph/onnx/onnx.pb.h"
#include "runtime/base/tensor.h"

namespace mica::onnx {

/// An initializer of the model's graph. Where `data` is defined it is the tensor's raw data, which `proto` lacks.
struct Initializer {
  proto::TensorProto proto;
  Tensor data;
};

/// Takes the next bytes of the file.
using Sink = std::function<void(std::string_view)>;

/// Gives `sink` the serialised `model`, with these initializers in its graph, as protobuf itself would serialise it.
/// Takes `model` apart. Throws Unsupported, before anything is written, beyond the 2 GB that one file can hold.
void write_model(proto::ModelProto& model, const std::vector<Initializer>& initializers, const Sink& sink);

}  // namespace mica::onnx
