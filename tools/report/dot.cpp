#include "tools/report/dot.h"

#include <fmt/core.h>

#include "tools/print.h"

namespace mica::tools {
namespace {

std::string dot_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string_view color(const DrawnNode& node) {
  if (node.is_end) return "#ffffff";
  return node.change == Change::New ? "#d5f0dc" : node.change == Change::Removed ? "#fbdcd8" : "#e9eff6";
}

}  // namespace

std::string to_dot(const Drawing& drawing) {
  std::string dot = "digraph model {\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n";
  for (size_t i = 0; i < drawing.nodes.size(); ++i) {
    const DrawnNode& node = drawing.nodes[i];
    const std::string title = dot_string(node.title), type = dot_string(node.subtitle);
    dot += fmt::format("  n{} [label={}\\n{}, tooltip={}, fillcolor=\"{}\"{}];\n", i, title.substr(0, title.size() - 1),
                       type.substr(1), dot_string(node.tip), color(node), node.is_end ? ", shape=ellipse" : "");
  }
  for (size_t i = 0; i < drawing.edges.size(); ++i) {
    const auto& [from, to] = drawing.edges[i];
    dot += fmt::format("  n{} -> n{} [tooltip={}];\n", from, to, dot_string(drawing.values[i]));
  }
  return dot + "}\n";
}

}  // namespace mica::tools
