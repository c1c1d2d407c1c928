// From an ONNX file to a graph.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/op_def.h"

namespace mica::onnx {

/// Reads the model in a file: maps it, and makes the weights views into the mapping, which lives as long as any of
/// them. Nodes are resolved against `operators`; those that it does not have keep `op` null.
///
/// Calls of the model's own functions are replaced by the functions' nodes, except where `operators` has kernels for
/// the operator. What subgraphs take from the graphs around them becomes explicit (`Graph::captures`). An initializer
/// that is also an input is a constant. Whatever had to be mended is said in `GraphModel::notes`.
///
/// `weight_files`, where given, becomes the paths of the files beside the model that hold weights.
///
/// Throws Error: Io, InvalidModel, or Unsupported for valid models that the IR cannot hold.
GraphModel import_model(const std::string& path, const OpTable& operators,
                        std::vector<std::string>* weight_files = nullptr);

/// The same from memory. `owner` keeps `bytes` alive (null: the caller does, as long as any weight lives).
/// `path` is used in messages and to find external data, and may be empty.
GraphModel import_model(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, const OpTable& operators,
                        const std::string& path = {});

/// How deep graphs within nodes and calls of functions within functions may go, together.
inline constexpr int kMaxDepth = 64;

}  // namespace mica::onnx
