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

// The lines of a graph, whose nodes have names that begin with `prefix`.
std::string body_of(const Drawing& drawing, const std::string& prefix) {
  std::string dot;
  for (size_t i = 0; i < drawing.nodes.size(); ++i) {
    const DrawnNode& node = drawing.nodes[i];
    const std::string title = dot_string(node.title), type = dot_string(node.subtitle);
    dot += fmt::format("  {}{} [label={}\\n{}, tooltip={}, fillcolor=\"{}\"{}];\n", prefix, i,
                       title.substr(0, title.size() - 1), type.substr(1), dot_string(node.tip), color(node),
                       node.is_end ? ", shape=ellipse" : "");
  }
  for (size_t i = 0; i < drawing.edges.size(); ++i) {
    const auto& [from, to] = drawing.edges[i];
    dot += fmt::format("  {0}{1} -> {0}{2} [tooltip={3}];\n", prefix, from, to, dot_string(drawing.values[i]));
  }
  for (size_t i = 0; i < drawing.bodies.size(); ++i) {
    const DrawnBody& body = drawing.bodies[i];
    const std::string inner = fmt::format("{}{}_{}_", prefix, body.node, i);
    dot += fmt::format("  subgraph cluster_{} {{\n  label={};\n{}  }}\n", inner, dot_string(body.title(drawing)),
                       body_of(body.drawing, inner));
  }
  return dot;
}

}  // namespace

std::string to_dot(const Drawing& drawing) {
  return "digraph model {\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n" +
         body_of(drawing, "n") + "}\n";
}

}  // namespace mica::tools
