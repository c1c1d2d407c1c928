#include "runtime/base/error.h"

#include <utility>

namespace mica {
namespace {

std::string join(const std::string& path, const std::string& message) {
  return path.empty() ? message : path + ": " + message;
}

}  // namespace

std::string_view name(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return "invalid argument";
    case ErrorCode::InvalidModel:
      return "invalid model";
    case ErrorCode::Unsupported:
      return "unsupported";
    case ErrorCode::OutOfMemory:
      return "out of memory";
    case ErrorCode::Io:
      return "input/output";
    case ErrorCode::Internal:
      break;
  }
  return "internal";
}

Error::Error(ErrorCode code, std::string message) : Error(code, {}, std::move(message)) {}

Error::Error(ErrorCode code, std::string path, std::string message)
    : std::runtime_error(join(path, message)), code_(code), path_(std::move(path)), message_(std::move(message)) {}

Error Error::within(std::string_view place) const {
  std::string path(place);
  if (!path_.empty()) path += " > " + path_;
  return Error(code_, std::move(path), message_);
}

}  // namespace mica
