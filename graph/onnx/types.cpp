#include "graph/onnx/types.h"

#include <algorithm>
#include <utility>

#include "graph/infer_context.h"
#include "runtime/base/error.h"

namespace mica::onnx {
namespace {

DType read_dtype(int32_t number) {
  const auto dtype = dtype_from_onnx(number);
  if (!dtype) throw Error(ErrorCode::InvalidModel, "unknown element type " + std::to_string(number));
  return *dtype;
}

Dims read_dims(const proto::TensorShapeProto& shape, const NameDim& name_dim) {
  if (static_cast<size_t>(shape.dim_size()) > Shape::kMaxRank) {
    throw Error(ErrorCode::InvalidModel, "rank " + std::to_string(shape.dim_size()) + " is too large");
  }
  Dims dims;
  for (const auto& dim : shape.dim()) {
    if (dim.has_dim_value() && dim.dim_value() >= 0) {
      dims.push_back(dim.dim_value());
    } else {
      dims.push_back(name_dim(dim.dim_param(), dims.size()));
    }
  }
  return dims;
}

ValueType read_type(const proto::TypeProto& type, const NameDim& name_dim, bool nested) {
  switch (type.value_case()) {
    case proto::TypeProto::kTensorType: {
      const auto& tensor = type.tensor_type();
      if (tensor.elem_type() == 0) return {};
      std::optional<Dims> dims;
      if (tensor.has_shape()) dims = read_dims(tensor.shape(), name_dim);
      if (nested && dims && !to_shape(*dims)) dims.reset();
      return ValueType::tensor(read_dtype(tensor.elem_type()), std::move(dims));
    }
    case proto::TypeProto::kSequenceType:
      return ValueType::sequence(read_type(type.sequence_type().elem_type(), name_dim, true));
    case proto::TypeProto::kOptionalType:
      return ValueType::optional(read_type(type.optional_type().elem_type(), name_dim, true));
    case proto::TypeProto::kMapType:
      return ValueType::map(read_dtype(type.map_type().key_type()),
                            read_type(type.map_type().value_type(), name_dim, true));
    case proto::TypeProto::kSparseTensorType:
    case proto::TypeProto::VALUE_NOT_SET:
      break;
  }
  return {};
}

void write_dim(const Dim& dim, proto::TensorShapeProto::Dimension& proto) {
  if (dim.is_constant()) {
    proto.set_dim_value(dim.value());
    return;
  }
  const auto symbols = dim.symbols();
  if (symbols.size() != 1 || is_unknown_symbol(*symbols.begin()) || dim != Dim::symbol(*symbols.begin())) return;
  proto.set_dim_param(*symbols.begin());
}

}  // namespace

ValueType read_type(const proto::TypeProto& type, const NameDim& name_dim) {
  return read_type(type, name_dim, false);
}

void write_type(const ValueType& type, proto::TypeProto& proto) {
  switch (type.kind) {
    case ValueType::Kind::Tensor: {
      auto& tensor = *proto.mutable_tensor_type();
      tensor.set_elem_type(static_cast<int32_t>(type.dtype));
      if (!type.dims) break;
      auto& shape = *tensor.mutable_shape();
      for (const Dim& dim : *type.dims) write_dim(dim, *shape.add_dim());
      break;
    }
    case ValueType::Kind::Sequence:
      write_type(*type.element, *proto.mutable_sequence_type()->mutable_elem_type());
      break;
    case ValueType::Kind::Optional:
      write_type(*type.element, *proto.mutable_optional_type()->mutable_elem_type());
      break;
    case ValueType::Kind::Map:
      proto.mutable_map_type()->set_key_type(static_cast<int32_t>(type.dtype));
      write_type(*type.element, *proto.mutable_map_type()->mutable_value_type());
      break;
    case ValueType::Kind::Unknown:
      break;
  }
}

}  // namespace mica::onnx
