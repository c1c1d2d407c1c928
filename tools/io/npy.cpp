#include "tools/io/npy.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <ostream>

#include "kernels/string/utf8.h"
#include "runtime/base/error.h"
#include "tools/io/npy_header.h"
#include "tools/io/stand_in.h"
#include "tools/io/zip.h"

namespace mica::tools {
namespace {

struct NumpyType {
  DType dtype;
  char kind;
  size_t size;
};
constexpr std::array kTypes = {
    NumpyType{DType::F16, 'f', 2}, NumpyType{DType::F32, 'f', 4},   NumpyType{DType::F64, 'f', 8},
    NumpyType{DType::I8, 'i', 1},  NumpyType{DType::I16, 'i', 2},   NumpyType{DType::I32, 'i', 4},
    NumpyType{DType::I64, 'i', 8}, NumpyType{DType::U8, 'u', 1},    NumpyType{DType::U16, 'u', 2},
    NumpyType{DType::U32, 'u', 4}, NumpyType{DType::U64, 'u', 8},   NumpyType{DType::Bool, 'b', 1},
    NumpyType{DType::C64, 'c', 8}, NumpyType{DType::C128, 'c', 16},
};

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::InvalidArgument, ".npy file: " + what);
}

// Turns elements from column-major to row-major.
std::vector<std::byte> to_row_major(const std::byte* data, const Shape& shape, size_t size) {
  const size_t count = static_cast<size_t>(shape.elements());
  std::vector<std::byte> result(count * size);
  std::array<int64_t, Shape::kMaxRank> index{};
  for (size_t i = 0; i < count; ++i) {
    size_t source = 0;
    for (size_t axis = shape.rank(); axis-- > 0;)
      source = source * static_cast<size_t>(shape[axis]) + static_cast<size_t>(index[axis]);
    std::memcpy(result.data() + i * size, data + source * size, size);
    for (size_t axis = shape.rank(); axis-- > 0 && ++index[axis] == shape[axis];) index[axis] = 0;
  }
  return result;
}

void swap_bytes(std::byte* data, size_t count, size_t size) {
  for (size_t i = 0; i < count; ++i) std::reverse(data + i * size, data + (i + 1) * size);
}

std::string from_utf32(const std::byte* data, size_t count, bool big_endian) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    std::array<std::byte, 4> bytes;
    std::memcpy(bytes.data(), data + 4 * i, 4);
    if (big_endian) std::ranges::reverse(bytes);
    const uint32_t code = std::bit_cast<uint32_t>(bytes);
    append_utf8(text, code > 0x10ffff ? U'\ufffd' : static_cast<char32_t>(code));
  }
  return text;
}

Tensor read_strings(const std::byte* data, const NpyHeader& header) {
  Tensor tensor(DType::String, header.shape);
  const size_t size = header.size * (header.kind == 'U' ? 4 : 1);
  for (std::string& text : tensor.mutable_as<std::string>()) {
    text = header.kind == 'U' ? from_utf32(data, header.size, header.order == '>')
                              : std::string(reinterpret_cast<const char*>(data), size);
    text.resize(text.find_last_not_of('\0') + 1);
    data += size;
  }
  return tensor;
}

void write_strings(std::ostream& stream, const Tensor& tensor) {
  std::vector<std::u32string> texts;
  size_t width = 1;
  for (const std::string& text : tensor.as<std::string>()) {
    std::u32string& codes = texts.emplace_back();
    for (std::string_view rest = text; !rest.empty();) codes += take_code_point(rest);
    width = std::max(width, codes.size());
  }
  stream << write_npy_header("<U" + std::to_string(width), tensor.shape());
  for (std::u32string& text : texts) {
    text.resize(width, U'\0');
    stream.write(reinterpret_cast<const char*>(text.data()), static_cast<std::streamsize>(4 * width));
  }
}

}  // namespace

Tensor read_npy(std::span<const std::byte> file) {
  const NpyHeader header = read_npy_header(file);
  const bool is_text = header.kind == 'S' || header.kind == 'U';
  const size_t size = header.size * (header.kind == 'U' ? 4 : 1);
  const auto count = checked_elements(header.shape.dims());
  const std::byte* data = file.data() + header.bytes;
  const size_t available = file.size() - header.bytes;
  if (!count || (size > 0 && static_cast<size_t>(*count) > available / size) ||
      (size == 0 && static_cast<size_t>(*count) > file.size())) {
    fail("it has not as many elements as its shape says: " + header.shape.str());
  }
  std::vector<std::byte> turned;
  if (header.fortran_order && header.shape.rank() > 1) {
    turned = to_row_major(data, header.shape, size);
    data = turned.data();
  }
  if (is_text) return read_strings(data, header);
  const auto type = std::ranges::find_if(
      kTypes, [&](const NumpyType& known) { return known.kind == header.kind && known.size == header.size; });
  if (type == kTypes.end()) fail(fmt::format("elements of type {}{} are not known", header.kind, header.size));
  Tensor tensor(type->dtype, header.shape);
  std::byte* elements = tensor.mutable_data<std::byte>();
  if (tensor.bytes() > 0) std::memcpy(elements, data, tensor.bytes());
  if (header.order == '>') {
    const size_t parts = header.kind == 'c' ? 2 : 1;
    swap_bytes(elements, static_cast<size_t>(*count) * parts, size / parts);
  }
  if (type->dtype == DType::Bool) {
    for (size_t i = 0; i < tensor.bytes(); ++i) elements[i] = elements[i] == std::byte{0} ? std::byte{0} : std::byte{1};
  }
  return tensor;
}

void write_npy(std::ostream& stream, const Tensor& tensor) {
  if (tensor.dtype() == DType::String) return write_strings(stream, tensor);
  const auto type = std::ranges::find(kTypes, tensor.dtype(), &NumpyType::dtype);
  if (type == kTypes.end()) return write_npy(stream, to_stand_in(tensor));
  stream << write_npy_header(fmt::format("{}{}{}", type->size > 1 ? '<' : '|', type->kind, type->size), tensor.shape());
  stream.write(static_cast<const char*>(tensor.raw()), static_cast<std::streamsize>(tensor.bytes()));
}

std::map<std::string, Tensor> read_npz(std::span<const std::byte> file) {
  std::map<std::string, Tensor> arrays;
  for (const ZipMember& member : list_zip(file)) {
    std::string name = member.name;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    try {
      arrays[name] = read_npy(read_zip(file, member).bytes);
    } catch (const Error& error) {
      throw error.within("\"" + name + "\"");
    }
  }
  return arrays;
}

}  // namespace mica::tools
