#include "graph/onnx/values.h"

#include <string>
#include <utility>
#include <vector>

#include "graph/onnx/onnx.pb.h"
#include "graph/onnx/tensor_proto.h"
#include "graph/onnx/wire.h"
#include "runtime/base/error.h"

namespace mica::onnx {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::InvalidModel, what);
}

// Depth is bounded by `parse`.
Datum read(const proto::SequenceProto& sequence, TensorReader& tensors);

Datum read(const proto::MapProto& map, TensorReader& tensors) {
  Datum datum;
  datum.kind = Datum::Kind::Map;
  const DType key = map.string_keys_size() > 0 ? DType::String : DType::I64;
  if (key == DType::String) {
    const std::vector<std::string> keys(map.string_keys().begin(), map.string_keys().end());
    datum.items.emplace_back(Tensor::of<std::string>({map.string_keys_size()}, keys));
  } else {
    const std::vector<int64_t> keys(map.keys().begin(), map.keys().end());
    datum.items.emplace_back(Tensor::of<int64_t>({map.keys_size()}, keys));
  }
  const int64_t count = datum.items[0].tensor.elements();
  Datum values = read(map.values(), tensors);
  if (values.items.size() == 1 && values.items[0].is_tensor() && values.items[0].tensor.elements() == count) {
    datum.items.push_back(values.items[0]);
  } else if (static_cast<int64_t>(values.items.size()) == count) {
    datum.items.push_back(std::move(values));
  } else {
    fail("map \"" + map.name() + "\" has " + std::to_string(count) + " keys and " +
         std::to_string(values.items.size()) + " values");
  }
  return datum;
}

Datum read(const proto::OptionalProto& optional, TensorReader& tensors) {
  if (optional.has_tensor_value()) return tensors.read(optional.tensor_value());
  if (optional.has_sparse_tensor_value()) return tensors.read(optional.sparse_tensor_value());
  if (optional.has_sequence_value()) return read(optional.sequence_value(), tensors);
  if (optional.has_map_value()) return read(optional.map_value(), tensors);
  if (optional.has_optional_value()) return read(optional.optional_value(), tensors);
  return Datum::absent();
}

Datum read(const proto::SequenceProto& sequence, TensorReader& tensors) {
  std::vector<Datum> items;
  for (const auto& item : sequence.tensor_values()) items.emplace_back(tensors.read(item));
  for (const auto& item : sequence.sparse_tensor_values()) items.emplace_back(tensors.read(item));
  for (const auto& item : sequence.sequence_values()) items.push_back(read(item, tensors));
  for (const auto& item : sequence.map_values()) items.push_back(read(item, tensors));
  for (const auto& item : sequence.optional_values()) items.push_back(read(item, tensors));
  return Datum::sequence(std::move(items));
}

template <class Proto>
Datum load(std::span<const std::byte> bytes, Message kind, std::shared_ptr<const void> owner) {
  Proto proto;
  parse(bytes, kind, proto);
  TensorReader tensors(bytes, std::move(owner));
  if constexpr (std::is_same_v<Proto, proto::TensorProto>) {
    return tensors.read(proto);
  } else {
    return read(proto, tensors);
  }
}

}  // namespace

Datum load_value(std::span<const std::byte> bytes, const ValueType& type, std::shared_ptr<const void> owner) {
  switch (type.kind) {
    case ValueType::Kind::Unknown:
    case ValueType::Kind::Tensor:
      return load<proto::TensorProto>(bytes, Message::Tensor, std::move(owner));
    case ValueType::Kind::Sequence:
      return load<proto::SequenceProto>(bytes, Message::Sequence, std::move(owner));
    case ValueType::Kind::Optional:
      return load<proto::OptionalProto>(bytes, Message::Optional, std::move(owner));
    case ValueType::Kind::Map:
      return load<proto::MapProto>(bytes, Message::Map, std::move(owner));
  }
  fail("a value of unknown kind");
}

}  // namespace mica::onnx
