// Weights that a model keeps in files beside it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/os.h"

namespace mica::onnx {

/// Maps the files that a model's tensors refer to, each once. A file must lie in the model's folder or below it, after
/// symbolic links are resolved. When the model itself is reached through a link, as in a cache that links to its
/// blobs, the folder of the link and the folder of the real file both count.
class ExternalData {
 public:
  /// Of the model in the file `model_path`; empty: the model has no folder, and nothing can be read.
  explicit ExternalData(std::string model_path) : model_path_(std::move(model_path)) {}

  /// The file at `location`, a relative path. Throws InvalidModel for one that is refused, Io for one that cannot be
  /// read.
  std::shared_ptr<const MappedFile> open(const std::string& location);

  /// Where the files opened so far are.
  const std::vector<std::string>& paths() const { return paths_; }
  /// Sizes of the files opened so far.
  size_t mapped_bytes() const { return mapped_bytes_; }

 private:
  std::string resolve(const std::string& location) const;

  std::string model_path_;
  std::map<std::string, std::shared_ptr<const MappedFile>> files_;  // by location
  std::vector<std::string> paths_;
  size_t mapped_bytes_ = 0;
};

}  // namespace mica::onnx
