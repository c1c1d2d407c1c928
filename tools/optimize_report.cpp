#include "tools/optimize_report.h"

#include <fmt/core.h>

#include <set>

#include "tools/graph_count.h"

namespace mica::tools {
namespace {

std::string change(size_t before, size_t after) {
  if (before == after) return "";
  return before < after ? fmt::format("+{}", after - before) : fmt::format("-{}", before - after);
}

std::string bytes_or_nothing(size_t bytes) {
  return bytes == 0 ? "" : format_bytes(bytes);
}

size_t count_of(const ModelFigures& figures, const std::string& name) {
  const auto found = figures.operators.find(name);
  return found == figures.operators.end() ? 0 : found->second;
}

std::set<std::string> all_operators(const OptimizeReport& report) {
  std::set<std::string> names;
  for (const auto& [name, count] : report.before.operators) names.insert(name);
  for (const auto& [name, count] : report.after.operators) names.insert(name);
  return names;
}

void print_operators(const OptimizeReport& report) {
  const ModelFigures &before = report.before, &after = report.after;
  Table table(
      {{"operator"}, {"before", Table::Align::Right}, {"after", Table::Align::Right}, {"change", Table::Align::Right}});
  const auto add = [&](const std::string& name, size_t a, size_t b) {
    table.add({name, std::to_string(a), std::to_string(b), change(a, b)});
  };
  for (const std::string& name : all_operators(report)) add(name, count_of(before, name), count_of(after, name));
  add("all nodes", before.nodes, after.nodes);
  add("initializers", before.initializers, after.initializers);
  table.add({"initializer bytes", format_bytes(before.initializer_bytes), format_bytes(after.initializer_bytes)});
  table.add({"model size", bytes_or_nothing(before.file_bytes), bytes_or_nothing(after.file_bytes)});
  table.print();
}

void print_rules(const Notes& notes) {
  Table table({{"\npass or rule"}, {"applied", Table::Align::Right}, {"time", Table::Align::Right}});
  for (const auto& [name, total] : notes.totals()) {
    if (total.applied > 0) table.add({name, std::to_string(total.applied), format_seconds(total.seconds)});
  }
  if (!table.empty()) table.print();
}

Json to_json(const ModelFigures& figures) {
  return {{"nodes", figures.nodes},
          {"operators", figures.operators},
          {"initializers", figures.initializers},
          {"initializer_bytes", figures.initializer_bytes},
          {"file_bytes", figures.file_bytes}};
}

std::string_view kind_name(Notes::Kind kind) {
  switch (kind) {
    case Notes::Kind::Applied:
      return "applied";
    case Notes::Kind::Refused:
      return "refused";
    case Notes::Kind::Failed:
      break;
  }
  return "failed";
}

}  // namespace

ModelFigures figures_of(const GraphModel& model, const std::vector<std::string>& files) {
  const Weights weights = count_weights(*model.graph);
  ModelFigures figures;
  for (const auto& [name, count] : count_operators(*model.graph)) {
    figures.operators[name] = count;
    figures.nodes += count;
  }
  figures.initializers = weights.tensors;
  figures.initializer_bytes = weights.bytes;
  for (const std::string& path : files) figures.file_bytes += file_size(path);
  return figures;
}

void print_text(const OptimizeReport& report) {
  print_operators(report);
  print_rules(report.notes);
  for (const std::string& name : report.explained) {
    const std::string text = report.notes.explain(name);
    fmt::print("\n{}:\n{}", name, text.empty() ? "nothing to do\n" : text);
  }
  if (!report.verified.empty()) fmt::print("\n{}\n", report.verified);
}

Json to_json(const OptimizeReport& report) {
  Json rules = Json::array(), remarks = Json::array();
  for (const auto& [name, total] : report.notes.totals()) {
    rules.push_back({{"name", name}, {"applied", total.applied}, {"seconds", total.seconds}});
  }
  for (const Notes::Note& note : report.notes.all()) {
    remarks.push_back({{"kind", kind_name(note.kind)}, {"by", note.by}, {"where", note.where}, {"what", note.what}});
  }
  return {{"model", report.model},
          {"output", report.output},
          {"before", to_json(report.before)},
          {"after", to_json(report.after)},
          {"rules", rules},
          {"remarks", remarks},
          {"left_out", report.left_out},
          {"verified", report.verified},
          {"notes", report.import_notes}};
}

}  // namespace mica::tools
