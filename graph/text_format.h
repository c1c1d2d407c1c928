// Graphs as text: for messages, debugging and tests.
//
//   graph mlp(x: float[batch,4], w: float[4,8]) -> (y, n: int64[1]) opset 20, com.microsoft 1 {
//     b: float[8] = [1,2,3,4,5,6,7,8]              # a constant; 0.5 alone fills the shape, ... leaves the elements out
//     h: float[batch,8] = MatMul(x, w)
//     y = com.microsoft.BiasGelu(h, b)
//     s = Slice(h, int64[1] [0], int64[1] [2], _, int64[] 1) @"a node's name"   # small constants in place; _ is absent
//     n, _ = Op(s) {axis=1, scale=2.0, mode="linear", axes=[0,1], none=ints[], value=float[2] [1,2],
//     t=type(seq(int64[?]))} z = If(c) {else_branch=graph() -> (h) {}, then_branch=graph() -> (t) {t = Neg(h)}}
//   }
//
// Constants may also be given as parameters: `w: int64[3] = [1,2,3]`. Names with characters other than letters,
// digits, `_ / . $ %` and `::` are quoted. A graph sees the values of those around it. Types are optional except for
// constants; `float[?]` is of any rank, `float[?,2]` has a dim that is not known. Elements of float8, float4 and
// float8e8m0 tensors are given by their codes, complex ones as two numbers. Operators of versions other than that of
// the graph are printed as `Op:7(x)`, which is not parsed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "graph/graph.h"

namespace mica {

struct TextOptions {
  bool types = true;  ///< of values, where known
  bool node_names = false;
  int64_t inline_elements = 8;  ///< constants up to this size stand in place of their name, which is lost
  int64_t max_elements = 64;    ///< of a constant on a line of its own; more are printed as `...`, which is not parsed
};

std::string print(const GraphModel& model, const TextOptions& options = {});
std::string print(const Graph& graph, const TextOptions& options = {});
/// A node on one line: `y: float[4] = Gelu(x) {approximate="tanh"}`. Graphs within it are named only.
std::string print(const Graph& graph, NodeId node, const TextOptions& options = {});

/// Version of ai.onnx where a text gives none.
inline constexpr int64_t kNewestOpset = 27;

/// Reads a graph, as the import does a file: see onnx/import.h. Without `opset` it is kNewestOpset. Throws
/// InvalidModel with line and column.
GraphModel parse_text(std::string_view text, const OpTable& operators);

}  // namespace mica
