#include "tools/report/graph_svg.h"

#include <fmt/core.h>

#include "tools/print.h"
#include "tools/report/layered_layout.h"

namespace mica::tools {
namespace {

constexpr double kHalfHeight = 20;
constexpr size_t kMaxTitle = 22, kMaxSubtitle = 26, kMaxTip = 600;

std::string shortened(std::string_view text, size_t length) {
  if (text.size() <= length) return html_text(text);
  size_t end = length - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a UTF-8 character
  return html_text(text.substr(0, end)) + "…";
}

// From the bottom of a node to the top of another, through the points between.
std::string path_through(const std::vector<Point>& points) {
  std::string path;
  Point at{};
  for (size_t i = 0; i < points.size(); ++i) {
    Point point = points[i];
    if (i == 0) point.y += kHalfHeight;
    if (i + 1 == points.size()) point.y -= kHalfHeight + 4;
    if (i == 0) {
      path = fmt::format("M{:.0f} {:.0f}", point.x, point.y);
    } else if (point.x == at.x) {
      path += fmt::format("V{:.0f}", point.y);
    } else {
      const double middle = (at.y + point.y) / 2;
      path +=
          fmt::format("C{:.0f} {:.0f} {:.0f} {:.0f} {:.0f} {:.0f}", at.x, middle, point.x, middle, point.x, point.y);
    }
    at = point;
  }
  return path;
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? '?' : c;
    }
  }
  return result;
}

std::string to_svg(const Drawing& drawing) {
  const LayoutSizes sizes;
  const LayeredLayout layout = layered_layout(drawing.nodes.size(), drawing.edges, sizes);
  std::string svg = fmt::format(
      "<svg class=\"graph\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\">\n",
      layout.width, layout.height);
  std::vector<std::string> far(drawing.nodes.size());
  for (size_t i = 0; i < drawing.edges.size(); ++i) {
    if (layout.edges[i].empty()) {
      std::string& names = far[drawing.edges[i].second];
      names += (names.empty() ? "" : ", ") + drawing.values[i];
    } else {
      svg += fmt::format("<path d=\"{}\" marker-end=\"url(#arrow)\"><title>{}</title></path>\n",
                         path_through(layout.edges[i]), html_text(drawing.values[i]));
    }
  }
  for (size_t i = 0; i < drawing.nodes.size(); ++i) {
    const DrawnNode& node = drawing.nodes[i];
    const Point& at = layout.nodes[i];
    svg += fmt::format(
        "<g class=\"{}\" transform=\"translate({:.0f} {:.0f})\"><title>{}</title><rect x=\"{:.0f}\" y=\"{:.0f}\" "
        "width=\"{:.0f}\" height=\"{:.0f}\" rx=\"{}\"/><text y=\"-2\">{}</text><text class=\"type\" y=\"12\">{}</text>",
        node.is_end ? "end" : name(node.change), at.x, at.y, shortened(node.tip, kMaxTip), -sizes.node_width / 2,
        -kHalfHeight, sizes.node_width, 2 * kHalfHeight, node.is_end ? 20 : 5, shortened(node.title, kMaxTitle),
        shortened(node.subtitle, kMaxSubtitle));
    if (!far[i].empty()) svg += fmt::format("<text class=\"far\" y=\"-24\">↓ {}</text>", shortened(far[i], 34));
    svg += "</g>\n";
  }
  return svg + "</svg>\n";
}

}  // namespace mica::tools
