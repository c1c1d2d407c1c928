#include "runtime/base/new_file.h"

#include <cerrno>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/os.h"

namespace mica {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
  throw Error(ErrorCode::Io, "cannot write \"" + path + "\"" + (reason.empty() ? "" : ": " + reason));
}

std::string part_path(const std::string& path, NewFile::Part part) {
  return path + (part == NewFile::Part::Unique ? "." + std::to_string(std::random_device()()) : "") + ".part";
}

}  // namespace

NewFile::NewFile(std::string path, Part part)
    : path_(std::move(path)), part_(part_path(path_, part)), stream_(part_, std::ios::binary) {
  if (!stream_) fail(path_, std::generic_category().message(errno));
}

NewFile::~NewFile() {
  stream_.close();
  std::error_code ignored;
  if (!part_.empty()) std::filesystem::remove(part_, ignored);
}

void NewFile::close() {
  if (stream_.is_open()) stream_.close();
  if (!stream_) fail(path_, "");
}

void NewFile::finish() {
  close();
  std::error_code error;
  std::filesystem::rename(part_, path_, error);
  if (error) fail(path_, error.message());
  part_.clear();
}

void NewFile::finish_on_disk() {
  close();
  sync_file(part_);
  finish();
}

}  // namespace mica
