// Values of any kind in files of their own, such as the inputs and outputs of a test data set.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "graph/type.h"
#include "runtime/base/tensor.h"

namespace mica::onnx {

/// Reads a serialised TensorProto, SequenceProto, OptionalProto or MapProto: which one is told by the type of the
/// value it is for. A map's items are its keys (a tensor) and its values (a tensor, or a sequence of them). Tensors
/// are views into `bytes`, which `owner` keeps alive (null: the caller does). Throws InvalidModel.
Datum load_value(std::span<const std::byte> bytes, const ValueType& type, std::shared_ptr<const void> owner = nullptr);

}  // namespace mica::onnx
