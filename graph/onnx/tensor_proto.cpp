#include "graph/onnx/tensor_proto.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/mapped_part.h"
#include "runtime/base/unaligned.h"

namespace mica::onnx {
namespace {

static_assert(std::endian::native == std::endian::little, "raw data is little-endian");

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::InvalidModel, what);
}

std::string place(std::string_view name) {
  return "tensor \"" + std::string(name) + "\"";
}

template <class Dims>
Shape read_shape(const Dims& dims) {
  if (static_cast<size_t>(dims.size()) > Shape::kMaxRank) fail("rank " + std::to_string(dims.size()) + " is too large");
  Shape shape, counted;
  for (const int64_t dim : dims) {
    if (dim < 0) fail("negative dim " + std::to_string(dim));
    shape.push_back(dim);
    counted.push_back(std::max<int64_t>(dim, 1));  // strides must fit even where a dim is 0
  }
  if (!checked_elements(counted.dims())) fail("shape " + shape.str() + " is too large");
  return shape;
}

DType read_dtype(int32_t number) {
  const auto dtype = dtype_from_onnx(number);
  if (!dtype) fail("unknown element type " + std::to_string(number));
  return *dtype;
}

[[noreturn]] void fail_size(DType dtype, const Shape& shape, const std::string& found) {
  fail(std::string(name(dtype)) + shape.str() + " has " + found);
}

// Stores the numbers of a typed field as elements of type T.
template <class T, class Field>
Tensor narrow(DType dtype, const Shape& shape, size_t count, const Field& field) {
  if (static_cast<size_t>(field.size()) != count) {
    fail_size(dtype, shape, std::to_string(field.size()) + " numbers where " + std::to_string(count) + " belong");
  }
  Tensor tensor(dtype, shape);
  std::transform(field.begin(), field.end(), static_cast<T*>(tensor.mutable_raw()),
                 [](auto number) { return static_cast<T>(number); });
  return tensor;
}

// The elements of a tensor that has neither raw nor external data. Which field holds which type: onnx.proto of ONNX,
// TensorProto. Types of one or two bytes are bit patterns in int32_data; sub-byte types are packed, a byte per number.
Tensor typed(const proto::TensorProto& proto, DType dtype, const Shape& shape) {
  const size_t count = static_cast<size_t>(shape.elements());
  switch (dtype) {
    case DType::F32:
      return narrow<float>(dtype, shape, count, proto.float_data());
    case DType::C64:
      return narrow<float>(dtype, shape, 2 * count, proto.float_data());
    case DType::F64:
      return narrow<double>(dtype, shape, count, proto.double_data());
    case DType::C128:
      return narrow<double>(dtype, shape, 2 * count, proto.double_data());
    case DType::I64:
      return narrow<int64_t>(dtype, shape, count, proto.int64_data());
    case DType::U32:
      return narrow<uint32_t>(dtype, shape, count, proto.uint64_data());
    case DType::U64:
      return narrow<uint64_t>(dtype, shape, count, proto.uint64_data());
    case DType::I32:
      return narrow<int32_t>(dtype, shape, count, proto.int32_data());
    case DType::Bool:
      return narrow<bool>(dtype, shape, count, proto.int32_data());
    case DType::String: {
      if (static_cast<size_t>(proto.string_data_size()) != count) {
        fail_size(dtype, shape, std::to_string(proto.string_data_size()) + " strings");
      }
      Tensor tensor(dtype, shape);
      std::ranges::copy(proto.string_data(), tensor.mutable_data<std::string>());
      return tensor;
    }
    default:
      break;
  }
  if (bit_width(dtype) == 16) return narrow<uint16_t>(dtype, shape, count, proto.int32_data());
  return narrow<uint8_t>(dtype, shape, byte_size(dtype, shape.elements()).value(), proto.int32_data());
}

bool are_booleans(std::span<const std::byte> bytes) {
  std::byte bits{};
  for (const std::byte byte : bytes) bits |= byte;
  return bits <= std::byte{1};
}

// Bytes of a tensor that is worth being looked after on its own.
constexpr size_t kManyPages = size_t{64} << 10;

uint64_t parse_number(const std::string& key, const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail("external data has " + key + " \"" + text + "\", which is not a number");
  }
  return number;
}

}  // namespace

TensorReader::TensorReader(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string model_path,
                           const MappedFile* mapping)
    : bytes_(bytes), owner_(std::move(owner)), mapping_(mapping), external_(std::move(model_path)) {}

void TensorReader::take(size_t bytes) {
  const size_t budget = kFreeBytes + 64 * bytes_.size() + external_.mapped_bytes();
  if (bytes > budget - taken_) fail("takes far more memory than it has in the file");
  taken_ += bytes;
}

Tensor TensorReader::read(const proto::TensorProto& tensor) {
  auto [it, is_new] = read_.try_emplace(&tensor);
  if (!is_new) return it->second;
  try {
    return it->second = decode(tensor);
  } catch (const Error& error) {
    throw error.within(place(tensor.name()));
  }
}

Tensor TensorReader::decode(const proto::TensorProto& tensor) {
  const DType dtype = read_dtype(tensor.data_type());
  const Shape shape = read_shape(tensor.dims());
  const auto size = byte_size(dtype, shape.elements());
  if (!size) fail("shape " + shape.str() + " is too large");
  if (tensor.has_segment()) {
    throw Error(ErrorCode::Unsupported, "is stored in segments");
  }
  if (tensor.data_location() == 1) return external(tensor, dtype, shape, *size);
  if (dtype == DType::String || !tensor.has_raw_size()) return typed(tensor, dtype, shape);
  if (tensor.raw_size() != *size) {
    fail_size(dtype, shape,
              std::to_string(tensor.raw_size()) + " bytes of data where " + std::to_string(*size) + " belong");
  }
  return raw(dtype, shape, bytes_.subspan(tensor.raw_offset(), tensor.raw_size()), owner_, mapping_);
}

Tensor TensorReader::raw(DType dtype, const Shape& shape, std::span<const std::byte> data,
                         std::shared_ptr<const void> owner, const MappedFile* mapping) {
  const bool large = mapping != nullptr && data.size() >= kManyPages;
  const bool aligned = reinterpret_cast<uintptr_t>(data.data()) % element_alignment(dtype) == 0;
  const bool clean = dtype != DType::Bool || are_booleans(data);
  if (clean && (aligned || (large && is_float(dtype)))) {
    if (large) owner = MappedPart::hold(data, *mapping, std::move(owner));
    return Tensor::over(dtype, shape, data.data(), std::move(owner));
  }
  take(data.size());
  Tensor copy(dtype, shape);
  if (clean) {
    if (!data.empty()) std::memcpy(copy.mutable_raw(), data.data(), data.size());
  } else {
    std::ranges::transform(data, copy.mutable_data<bool>(), [](std::byte byte) { return byte != std::byte{0}; });
  }
  if (mapping != nullptr) mapping->release(data);
  return copy;
}

Tensor TensorReader::external(const proto::TensorProto& tensor, DType dtype, const Shape& shape, size_t size) {
  if (dtype == DType::String) fail("strings cannot be external data");
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = parse_number(entry.key(), entry.value());
    if (entry.key() == "length") length = parse_number(entry.key(), entry.value());
  }
  if (length && *length != size) {
    fail_size(dtype, shape,
              std::to_string(*length) + " bytes of external data where " + std::to_string(size) + " belong");
  }
  const auto file = external_.open(location);
  const std::span<const std::byte> bytes = file->bytes();
  if (offset > bytes.size() || size > bytes.size() - offset) {
    fail("external data \"" + location + "\" ends at byte " + std::to_string(bytes.size()) + ", the tensor needs " +
         std::to_string(size) + " bytes from " + std::to_string(offset));
  }
  return raw(dtype, shape, bytes.subspan(offset, size), file, file.get());
}

Tensor TensorReader::read(const proto::SparseTensorProto& sparse) {
  const Tensor values = read(sparse.values());
  const Tensor indices = read(sparse.indices());
  try {
    const Shape shape = read_shape(sparse.dims());
    const size_t rank = shape.rank();
    const int64_t count = values.elements();
    if (values.shape().rank() != 1) fail("sparse values have shape " + values.shape().str());
    const bool linear = indices.shape() == Shape{count};
    if (indices.dtype() != DType::I64 || (!linear && indices.shape() != Shape{count, static_cast<int64_t>(rank)})) {
      fail("sparse indices are " + indices.str() + " for " + std::to_string(count) + " values of rank " +
           std::to_string(rank));
    }
    const auto size = byte_size(values.dtype(), shape.elements());
    if (!size || is_sub_byte(values.dtype())) fail("sparse " + std::string(name(values.dtype())) + shape.str());
    take(*size);

    Tensor dense(values.dtype(), shape);
    const bool strings = values.dtype() == DType::String;
    const size_t width = *size / std::max<size_t>(1, static_cast<size_t>(shape.elements()));
    if (!strings && *size > 0) std::memset(dense.mutable_raw(), 0, *size);
    const auto strides = shape.strides();
    for (int64_t i = 0; i < count; ++i) {
      int64_t at = linear ? indices.data<int64_t>()[i] : 0;
      if (linear && (at < 0 || at >= shape.elements())) fail("sparse index " + std::to_string(at) + " is outside");
      for (size_t axis = 0; !linear && axis < rank; ++axis) {
        const int64_t index = indices.data<int64_t>()[i * static_cast<int64_t>(rank) + static_cast<int64_t>(axis)];
        if (index < 0 || index >= shape[axis]) fail("sparse index " + std::to_string(index) + " is outside");
        at += index * strides[axis];
      }
      if (strings) {
        dense.mutable_data<std::string>()[at] = values.data<std::string>()[i];
      } else {
        std::memcpy(static_cast<std::byte*>(dense.mutable_raw()) + static_cast<size_t>(at) * width,
                    static_cast<const std::byte*>(values.raw()) + static_cast<size_t>(i) * width, width);
      }
    }
    return dense;
  } catch (const Error& error) {
    throw error.within(place(sparse.values().name()));
  }
}

void write_tensor_type(const Tensor& tensor, std::string_view name, proto::TensorProto& proto) {
  if (!name.empty()) proto.set_name(std::string(name));
  proto.set_data_type(static_cast<int32_t>(tensor.dtype()));
  for (const int64_t dim : tensor.shape()) proto.add_dims(dim);
}

void write_tensor(const Tensor& tensor, std::string_view name, proto::TensorProto& proto) {
  write_tensor_type(tensor, name, proto);
  if (tensor.dtype() == DType::String) {
    for (const std::string& text : tensor.as<std::string>()) proto.add_string_data(text);
  } else {
    proto.set_raw_data(tensor.raw(), tensor.bytes());
  }
}

std::string write_tensor_proto(const Tensor& tensor, std::string_view name) {
  proto::TensorProto proto;
  write_tensor(tensor, name, proto);
  if (proto.ByteSizeLong() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    throw Error(ErrorCode::Unsupported, place(name) + " is larger than the 2 GB that a TensorProto can hold");
  }
  return proto.SerializeAsString();
}

}  // namespace mica::onnx
