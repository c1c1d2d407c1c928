// Static types of values: what is known of a value before it is computed.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "graph/dim.h"
#include "runtime/base/dtype.h"
#include "runtime/base/shape.h"

namespace mica {

/// The type of a value of a graph. A tensor's dims are expressions, or absent when not even the rank is known.
struct ValueType {
  enum class Kind : uint8_t { Unknown, Tensor, Sequence, Optional, Map };

  Kind kind = Kind::Unknown;
  DType dtype = DType::Undefined;            ///< of a tensor's elements; of a map's keys
  std::optional<Dims> dims;                  ///< of a tensor
  std::shared_ptr<const ValueType> element;  ///< of a sequence or an optional; of a map's values

  static ValueType tensor(DType dtype, std::optional<Dims> dims = std::nullopt);
  static ValueType sequence(ValueType element);
  static ValueType optional(ValueType element);
  static ValueType map(DType key, ValueType value);

  bool is_tensor() const { return kind == Kind::Tensor; }
  bool operator==(const ValueType& other) const;
  std::string str() const;  ///< "float[batch,4]", "float[?]" for an unknown rank, "seq(float[?])"
};

Dims to_dims(const Shape& shape);

/// The dims as numbers when every one is a constant.
std::optional<Shape> to_shape(const Dims& dims);

}  // namespace mica
