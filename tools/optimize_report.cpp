#include "tools/optimize_report.h"

#include <fmt/core.h>

#include <algorithm>

#include "tools/graph_count.h"

namespace mica::tools {
namespace {

std::string bytes_or_nothing(size_t bytes) {
  return bytes == 0 ? "" : format_bytes(bytes);
}

void print_operators(const OptimizeReport& report) {
  const ModelFigures &before = report.before, &after = report.after;
  Table table(
      {{"operator"}, {"before", Table::Align::Right}, {"after", Table::Align::Right}, {"change", Table::Align::Right}});
  const auto add = [&](const OperatorChange& row) {
    table.add({row.name, std::to_string(row.before), std::to_string(row.after), row.text()});
  };
  for (const OperatorChange& row : operator_changes(report)) add(row);
  add({"all nodes", before.nodes, after.nodes});
  add({"initializers", before.initializers, after.initializers});
  table.add({"initializer bytes", format_bytes(before.initializer_bytes), format_bytes(after.initializer_bytes)});
  table.add({"model size", bytes_or_nothing(before.file_bytes), bytes_or_nothing(after.file_bytes)});
  const std::string flops_before = flops_text(before), flops_after = flops_text(after);
  const bool is_short = std::max(flops_before.size(), flops_after.size()) <= 12;
  if (is_short) table.add({"FLOPs", flops_before, flops_after});
  table.print();
  if (!is_short) fmt::print("FLOPs before  {}\nFLOPs after   {}\n", flops_before, flops_after);
}

void print_rules(const Notes& notes) {
  Table table({{"\npass or rule"}, {"applied", Table::Align::Right}, {"time", Table::Align::Right}});
  for (const auto& [name, total] : notes.totals()) {
    if (total.applied > 0) table.add({name, std::to_string(total.applied), format_seconds(total.seconds)});
  }
  if (!table.empty()) table.print();
}

Json to_json(const ModelFigures& figures) {
  const auto number = figures.flops.known.constant();
  return {{"nodes", figures.nodes},
          {"operators", figures.operators},
          {"initializers", figures.initializers},
          {"initializer_bytes", figures.initializer_bytes},
          {"file_bytes", figures.file_bytes},
          {"flops", number ? Json(*number) : Json(figures.flops.known.str())},
          {"nodes_of_unknown_flops", figures.flops.unknown}};
}

}  // namespace

std::string flops_text(const ModelFigures& figures) {
  const auto number = figures.flops.known.constant();
  std::string text = number ? format_count(static_cast<double>(*number)) : figures.flops.known.str();
  if (figures.flops.unknown > 0) text += fmt::format(" and {} node(s) of unknown dims", figures.flops.unknown);
  return text;
}

std::string OperatorChange::text() const {
  if (before == after) return "";
  return before < after ? fmt::format("+{}", after - before) : fmt::format("-{}", before - after);
}

std::vector<OperatorChange> operator_changes(const OptimizeReport& report) {
  std::map<std::string, OperatorChange> changes;
  for (const auto& [name, count] : report.before.operators) changes[name].before = count;
  for (const auto& [name, count] : report.after.operators) changes[name].after = count;
  std::vector<OperatorChange> rows;
  for (auto& [name, change] : changes) rows.push_back({name, change.before, change.after});
  return rows;
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

ModelFigures figures_of(const GraphModel& model, const std::vector<std::string>& files) {
  const Weights weights = count_weights(*model.graph);
  ModelFigures figures;
  for (const auto& [name, count] : count_operators(*model.graph)) {
    figures.operators[name] = count;
    figures.nodes += count;
  }
  figures.flops = graph_flops(*model.graph);
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
  if (!report.storage.empty()) fmt::print("\n{}\n", report.storage);
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
          {"storage", report.storage},
          {"verified", report.verified},
          {"notes", report.import_notes}};
}

}  // namespace mica::tools
