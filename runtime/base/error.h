// The one exception type of Mica.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace mica {

/// What went wrong, as a caller may want to act on it.
enum class ErrorCode {
  InvalidArgument,  ///< the caller's inputs or options
  InvalidModel,     ///< the file: malformed, contradictory or hostile
  Unsupported,      ///< valid, but Mica or this build cannot do it
  OutOfMemory,
  Io,        ///< the operating system said no
  Internal,  ///< a defect of Mica
};

/// "invalid argument", "invalid model" ...
std::string_view name(ErrorCode code);

/// Thrown by load, optimise, plan and run. `what()` is one line: the path (outermost first), then the message:
/// `MatMul "layer.3/q": inner sizes differ: [1,128,768] x [1024,768]`.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string message);

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }  ///< without the path
  const std::string& path() const { return path_; }        ///< `model "m.onnx" > MatMul "q"`; may be empty

  /// The same error, seen from one level further out.
  Error within(std::string_view place) const;

 private:
  Error(ErrorCode code, std::string path, std::string message);

  ErrorCode code_;
  std::string path_;
  std::string message_;
};

}  // namespace mica
