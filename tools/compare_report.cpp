#include "tools/compare_report.h"

#include <fmt/core.h>

#include <algorithm>

namespace mica::tools {
namespace {

constexpr size_t kListed = 40;

std::string verdict(const Difference& difference) {
  return difference.agrees() ? "ok" : difference.text;
}

}  // namespace

size_t CompareReport::differing() const {
  return static_cast<size_t>(
      std::ranges::count_if(values, [](const auto& value) { return !value.difference.agrees(); }));
}

const ComparedValue* CompareReport::first_difference() const {
  const ComparedValue* first = nullptr;
  for (const ComparedValue& value : values) {
    if (value.difference.agrees()) continue;
    if (first != nullptr && value.in_case != first->in_case) break;
    if (first == nullptr || value.order < first->order) first = &value;
  }
  return first;
}

void print_text(const CompareReport& report) {
  const bool all = report.values.size() <= kListed;
  const bool has_cases = std::ranges::any_of(report.values, [](const auto& value) { return !value.in_case.empty(); });
  using enum Table::Align;
  Table table(
      {{has_cases ? "case" : ""}, {"value"}, {"elements", Right}, {"max abs", Right}, {"max rel", Right}, {""}});
  size_t differing = 0;
  for (const ComparedValue& value : report.values) {
    const Difference& difference = value.difference;
    if (!difference.agrees() && ++differing > kListed) continue;
    if (difference.agrees() && !all && !value.is_output) continue;
    table.add({value.in_case, value.name, std::to_string(difference.elements),
               fmt::format("{:.2e}", difference.max_abs), fmt::format("{:.2e}", difference.max_rel),
               verdict(difference)});
  }
  table.print();
  const size_t agreeing = report.values.size() - report.differing();
  fmt::print("{} of {} values agree within rtol {:g}, atol {:g}\n", agreeing, report.values.size(),
             report.tolerance.rtol, report.tolerance.atol);
  if (const ComparedValue* first = report.first_difference()) {
    fmt::print("first to differ: {}{} of {}\n", first->in_case.empty() ? "" : first->in_case + ": ",
               in_quotes(first->name), printable(first->node));
  }
}

Json to_json(const CompareReport& report) {
  Json values = Json::array();
  for (const ComparedValue& value : report.values) {
    values.push_back({{"case", value.in_case},
                      {"name", value.name},
                      {"node", value.node},
                      {"is_output", value.is_output},
                      {"agrees", value.difference.agrees()},
                      {"elements", value.difference.elements},
                      {"mismatches", value.difference.mismatches},
                      {"max_abs", value.difference.max_abs},
                      {"max_rel", value.difference.max_rel},
                      {"difference", value.difference.text}});
  }
  Json json = {{"a", report.a},
               {"b", report.b},
               {"rtol", report.tolerance.rtol},
               {"atol", report.tolerance.atol},
               {"agree", report.values.size() - report.differing()},
               {"differ", report.differing()},
               {"first_difference", nullptr},
               {"values", std::move(values)}};
  if (const ComparedValue* first = report.first_difference()) {
    json["first_difference"] = {{"case", first->in_case}, {"value", first->name}, {"node", first->node}};
  }
  return json;
}

}  // namespace mica::tools
