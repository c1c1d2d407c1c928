// Types of values between the file and the graph.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "graph/onnx/onnx.pb.h"
#include "graph/type.h"

namespace mica::onnx {

/// Says what a dim is that has the name `param` (empty: none) at `axis` of a value.
using NameDim = std::function<Dim(std::string_view param, size_t axis)>;

/// The type; Unknown where the file says nothing, and for sparse and opaque types. Dims of tensors within sequences,
/// optionals and maps are dropped unless all are numbers. Throws InvalidModel.
ValueType read_type(const proto::TypeProto& type, const NameDim& name_dim);

/// Leaves dims without a name of their own empty, such as expressions and those that only a run can tell.
void write_type(const ValueType& type, proto::TypeProto& proto);

}  // namespace mica::onnx
