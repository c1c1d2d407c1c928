#include "graph/onnx/external_data.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "runtime/base/error.h"

namespace mica::onnx {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& location, const std::string& why) {
  throw Error(ErrorCode::InvalidModel, "external data \"" + location + "\" " + why);
}

// Both are canonical.
bool is_inside(const fs::path& file, const fs::path& folder) {
  return std::ranges::mismatch(folder, file).in1 == folder.end();
}

}  // namespace

std::shared_ptr<const MappedFile> ExternalData::open(const std::string& location) {
  auto& file = files_[location];
  if (file == nullptr) {
    paths_.push_back(resolve(location));
    file = std::make_shared<const MappedFile>(MappedFile::open(paths_.back()));
    mapped_bytes_ += file->bytes().size();
  }
  return file;
}

std::string ExternalData::resolve(const std::string& location) const {
  if (model_path_.empty()) refuse(location, "cannot be found: the model was not read from a file");
  if (location.find('\0') != std::string::npos) refuse(location.c_str(), "... has a zero byte in its name");
  const fs::path relative(location);
  if (location.empty() || relative.is_absolute() || relative.has_root_path()) {
    refuse(location, "is not a path relative to the model");
  }
  if (std::ranges::find(relative, "..") != relative.end()) refuse(location, "leaves the model's folder (..)");

  std::error_code error;
  const fs::path model = fs::absolute(model_path_, error);
  const fs::path real_model = fs::canonical(model, error);
  if (error) refuse(location, "cannot be found: no model at \"" + model_path_ + "\"");
  const fs::path beside_link = fs::canonical(model.parent_path(), error);
  if (error) refuse(location, "cannot be found: no folder of \"" + model_path_ + "\"");
  const std::array<fs::path, 2> folders = {beside_link, real_model.parent_path()};
  for (const fs::path& folder : folders) {
    const fs::path file = fs::canonical(folder / relative, error);
    if (error) continue;
    if (std::ranges::any_of(folders, [&](const fs::path& inside) { return is_inside(file, inside); })) {
      return file.string();
    }
    refuse(location, "is a link to a file outside the model's folder: " + file.string());
  }
  throw Error(ErrorCode::Io, "external data \"" + location + "\" is not in the model's folder, " + folders[0].string());
}

}  // namespace mica::onnx
