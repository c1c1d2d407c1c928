// Models for tests of the C++ interface, from graphs as text.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "graph/onnx/export.h"
#include "graph/text_format.h"
#include "kernels/op.h"
#include "runtime/mica.h"

namespace mica {

inline Model model_from_text(std::string_view text, bool optimize = true) {
  const std::string bytes = onnx::export_model(parse_text(text, operators()));
  LoadOptions options;
  options.optimize = optimize;
  return Model::from_bytes(std::as_bytes(std::span(bytes)), options);
}

}  // namespace mica
