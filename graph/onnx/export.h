// From a graph to an ONNX file.
#pragma once

#include <string>

#include "graph/graph.h"

namespace mica::onnx {

/// The model as the bytes of an .onnx file. Captured values get the names of what they stand for; constants that
/// nothing uses are left out. Throws Unsupported when a domain is used in two versions, or beyond the 2 GB that a
/// file can hold: see `save_model`.
std::string export_model(const GraphModel& model);

/// Writes the file, replacing it only when all is written, so that a model may be saved over the file it was read
/// from. Large weights go to a second file when there are more than `inline_limit` bytes of them: `data_name` in the
/// same folder, `<path>.data` when that is empty.
void save_model(const GraphModel& model, const std::string& path, size_t inline_limit = size_t{1} << 30,
                const std::string& data_name = {});

}  // namespace mica::onnx
