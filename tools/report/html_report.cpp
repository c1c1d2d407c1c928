#include "tools/report/html_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "tools/report/graph_svg.h"
#include "tools/report/html_style.h"

namespace mica::tools {
namespace {

constexpr size_t kMaxRemarks = 200;  // of one rule

std::string card(std::string_view title, const std::string& before, const std::string& after) {
  const std::string value =
      before == after ? html_text(after) : html_text(before) + " → <b>" + html_text(after) + "</b>";
  return fmt::format("<div class=\"card\"><span>{}</span>{}</div>\n", title, value);
}

std::string cards(const OptimizeReport& report) {
  const ModelFigures &a = report.before, &b = report.after;
  std::string html = "<div class=\"cards\">\n";
  html += card("nodes", std::to_string(a.nodes), std::to_string(b.nodes));
  html += card("initializers", std::to_string(a.initializers), std::to_string(b.initializers));
  html += card("initializer bytes", format_bytes(a.initializer_bytes), format_bytes(b.initializer_bytes));
  if (b.file_bytes > 0) html += card("model size", format_bytes(a.file_bytes), format_bytes(b.file_bytes));
  return html + card("FLOPs", flops_text(a), flops_text(b)) + "</div>\n";
}

std::string operators_table(const OptimizeReport& report) {
  std::string html =
      "<table><tr><th>operator</th><th class=\"n\">before</th><th class=\"n\">after</th><th "
      "class=\"n\">change</th></tr>\n";
  for (const OperatorChange& row : operator_changes(report)) {
    const std::string_view kind = row.after > row.before ? "more" : row.after < row.before ? "fewer" : "";
    html += fmt::format(
        "<tr class=\"{}\"><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
        kind, html_text(row.name), row.before, row.after, row.text());
  }
  return html + "</table>\n";
}

// What each pass and rule did; a click on one shows where, and where it refused.
std::string rules_list(const OptimizeReport& report) {
  std::map<std::string, std::vector<const Notes::Note*>> remarks;
  for (const Notes::Note& note : report.notes.all()) remarks[note.by].push_back(&note);
  std::string html;
  for (const auto& [name, total] : report.notes.totals()) {
    const auto& notes = remarks[name];
    const auto refused = static_cast<size_t>(
        std::ranges::count_if(notes, [](const Notes::Note* note) { return note->kind != Notes::Kind::Applied; }));
    if (total.applied == 0 && refused == 0) continue;
    html += fmt::format("<details><summary><b>{}</b> <span>{} applied{}, {}</span></summary><ul>\n", html_text(name),
                        total.applied, refused > 0 ? fmt::format(", {} refused", refused) : "",
                        format_seconds(total.seconds));
    for (size_t i = 0; i < notes.size() && i < kMaxRemarks; ++i) {
      const Notes::Note& note = *notes[i];
      html += fmt::format("<li class=\"{}\">{} {}{}</li>\n", kind_name(note.kind), kind_name(note.kind),
                          html_text(note.where), note.what.empty() ? "" : ": " + html_text(note.what));
    }
    if (notes.size() > kMaxRemarks) html += fmt::format("<li>and {} more</li>\n", notes.size() - kMaxRemarks);
    html += "</ul></details>\n";
  }
  return html.empty() ? "<p>Nothing was to do.</p>\n" : html;
}

std::string remarks(const OptimizeReport& report) {
  std::string html;
  for (const std::string& text : {report.storage, report.verified}) {
    if (!text.empty()) html += "<p>" + html_text(text) + "</p>\n";
  }
  for (const std::string& name : report.left_out) {
    html += "<p>" + html_text(name) + " changed results and was left out.</p>\n";
  }
  for (const std::string& note : report.import_notes) html += "<p>" + html_text(note) + "</p>\n";
  return html;
}

// The graph, and below it those within its nodes.
std::string drawings_of(const Drawing& drawing) {
  std::string html = to_svg(drawing);
  for (const DrawnBody& body : drawing.bodies) {
    html += "<h3>" + html_text(body.title(drawing)) + "</h3>\n" + drawings_of(body.drawing);
  }
  return html;
}

}  // namespace

std::string to_html(const OptimizeReport& report, const ReportDrawings& drawings) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>mica optimize {0}</title>\n"
      "<style>{1}</style></head><body>\n<h1>{0}</h1>\n",
      html_text(report.model), kReportStyle);
  if (!report.output.empty()) html += "<p class=\"path\">written to " + html_text(report.output) + "</p>\n";
  html += cards(report) + remarks(report);
  html += "<div class=\"columns\"><section><h2>Operators</h2>\n" + operators_table(report) +
          "</section><section><h2>Passes and rules</h2>\n" + rules_list(report) + "</section></div>\n";
  html +=
      "<h2>Graph</h2>\n<div class=\"tabs\"><input type=\"radio\" name=\"tab\" id=\"after\" checked><label "
      "for=\"after\">after</label><input type=\"radio\" name=\"tab\" id=\"before\"><label for=\"before\">before</label>"
      "<span class=\"legend\"><i class=\"kept\"></i>kept <i class=\"new\"></i>new <i "
      "class=\"removed\"></i>removed</span>\n"
      "<svg width=\"0\" height=\"0\" style=\"position:absolute\"><defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" "
      "refX=\"4\" "
      "refY=\"4\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\"><path class=\"tip\" d=\"M0 1L7 4L0 "
      "7z\"/></marker>"
      "</defs></svg>\n";
  html += "<div class=\"view after\">\n" + drawings_of(drawings.after) + "</div>\n<div class=\"view before\">\n" +
          drawings_of(drawings.before) + "</div></div>\n</body></html>\n";
  return html;
}

}  // namespace mica::tools
