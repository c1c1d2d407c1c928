#include "graph/type.h"

#include <utility>

namespace mica {

ValueType ValueType::tensor(DType dtype, std::optional<Dims> dims) {
  ValueType type;
  type.kind = Kind::Tensor;
  type.dtype = dtype;
  type.dims = std::move(dims);
  return type;
}

static ValueType wrap(ValueType::Kind kind, ValueType element) {
  ValueType type;
  type.kind = kind;
  type.element = std::make_shared<const ValueType>(std::move(element));
  return type;
}

ValueType ValueType::sequence(ValueType element) {
  return wrap(Kind::Sequence, std::move(element));
}

ValueType ValueType::optional(ValueType element) {
  return wrap(Kind::Optional, std::move(element));
}

ValueType ValueType::map(DType key, ValueType value) {
  ValueType type = wrap(Kind::Map, std::move(value));
  type.dtype = key;
  return type;
}

bool ValueType::operator==(const ValueType& other) const {
  if (kind != other.kind || dtype != other.dtype || dims != other.dims) return false;
  if (!element || !other.element) return element == other.element;
  return *element == *other.element;
}

std::string ValueType::str() const {
  const std::string inner = element ? element->str() : "?";
  switch (kind) {
    case Kind::Tensor:
      return std::string(name(dtype)) + (dims ? mica::str(*dims) : "[?]");
    case Kind::Sequence:
      return "seq(" + inner + ")";
    case Kind::Optional:
      return "optional(" + inner + ")";
    case Kind::Map:
      return "map(" + std::string(name(dtype)) + "," + inner + ")";
    case Kind::Unknown:
      break;
  }
  return "?";
}

Dims to_dims(const Shape& shape) {
  return Dims(shape.begin(), shape.end());
}

std::optional<Shape> to_shape(const Dims& dims) {
  Shape shape;
  for (const Dim& dim : dims) {
    if (!dim.is_constant()) return std::nullopt;
    shape.push_back(dim.value());
  }
  return shape;
}

}  // namespace mica
