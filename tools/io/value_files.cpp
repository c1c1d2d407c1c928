#include "tools/io/value_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>

#include "graph/onnx/values.h"
#include "runtime/base/error.h"
#include "runtime/base/new_file.h"
#include "runtime/base/os.h"
#include "tools/io/npy.h"
#include "tools/io/stand_in.h"

namespace mica::tools {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kExtension = ".npy";

}  // namespace

Datum read_value(const fs::path& file, const ValueType& type) {
  const auto mapped = std::make_shared<MappedFile>(MappedFile::open(file.string()));
  try {
    if (file.extension() != kExtension) return onnx::load_value(mapped->bytes(), type, mapped);
    const Tensor tensor = read_npy(mapped->bytes());
    const Tensor restored = from_stand_in(tensor, type.dtype);
    return restored.defined() ? restored : tensor;
  } catch (const Error& error) {
    throw error.within("\"" + file.string() + "\"");
  }
}

std::map<std::string, Tensor> read_arrays(const fs::path& path) {
  std::map<std::string, Tensor> arrays;
  if (!fs::is_directory(path)) {
    const MappedFile file = MappedFile::open(path.string());
    try {
      return read_npz(file.bytes());
    } catch (const Error& error) {
      throw error.within("\"" + path.string() + "\"");
    }
  }
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() != kExtension) continue;
    const Datum value = read_value(entry.path(), {});
    arrays[value_name(entry.path().stem().string())] = value.tensor;
  }
  return arrays;
}

void save_value(const fs::path& folder, std::string_view name, const Datum& value) {
  if (value.kind == Datum::Kind::Absent) return;
  if (!value.is_tensor()) {
    for (size_t i = 0; i < value.items.size(); ++i) save_value(folder, fmt::format("{}.{}", name, i), value.items[i]);
    return;
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ErrorCode::Io, fmt::format("cannot make \"{}\": {}", folder.string(), error.message()));
  NewFile file((folder / (file_name(name) + std::string(kExtension))).string());
  write_npy(file.stream(), value.tensor);
  file.finish();
}

std::string file_name(std::string_view value_name) {
  std::string result;
  for (const char c : value_name) {
    const auto code = static_cast<unsigned char>(c);
    const bool is_unsafe =
        code < 32 || code == 127 || std::string_view("/\\:*?\"<>|%").find(c) != std::string_view::npos;
    if (is_unsafe || (result.empty() && c == '.')) {
      result += fmt::format("%{:02X}", code);
    } else {
      result += c;
    }
  }
  return result;
}

std::string value_name(std::string_view file_name) {
  std::string result;
  for (size_t i = 0; i < file_name.size(); ++i) {
    unsigned code = 0;
    const char* const digits = file_name.data() + i + 1;
    if (file_name[i] == '%' && i + 2 < file_name.size() &&
        std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
      result += static_cast<char>(code);
      i += 2;
    } else {
      result += file_name[i];
    }
  }
  return result;
}

}  // namespace mica::tools
