#include "tools/print.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace mica::tools {
namespace {

// Characters on a terminal, as far as one code point is one column.
size_t width(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

struct Unit {
  double size;
  std::string_view name;
};

// In the largest unit that leaves at least 1; `units` from large to small.
template <size_t N>
std::string in_units(double value, const std::array<Unit, N>& units) {
  const auto fits = std::ranges::find_if(units, [&](const Unit& unit) { return value >= unit.size; });
  const Unit& unit = fits == units.end() ? units.back() : *fits;
  const double scaled = value / unit.size;
  const int digits = unit.size == 1 && value == std::floor(value) ? 0 : scaled < 10 ? 2 : 1;
  return fmt::format("{:.{}f} {}", scaled, digits, unit.name);
}

}  // namespace

void print_json(const Json& json) {
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

std::string format_bytes(size_t bytes) {
  constexpr std::array<Unit, 5> kUnits = {{{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "KB"}, {1, "B"}}};
  return in_units(static_cast<double>(bytes), kUnits);
}

std::string format_seconds(double seconds) {
  constexpr std::array<Unit, 4> kUnits = {{{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}}};
  return in_units(seconds, kUnits);
}

std::string format_count(double count) {
  constexpr std::array<Unit, 5> kUnits = {{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "K"}, {1, ""}}};
  std::string text = in_units(count, kUnits);
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  return '"' + printable(text) + '"';
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::str() const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  const bool has_titles = std::ranges::any_of(titles, [](const std::string& title) { return !title.empty(); });
  std::vector<std::vector<std::string>> rows;
  if (has_titles) rows.push_back(titles);
  rows.insert(rows.end(), rows_.begin(), rows_.end());
  std::vector<size_t> widths(columns_.size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width(row[i]), ' ');
      line += i > 0 ? "  " : "";
      line += columns_[i].align == Align::Right ? padding + row[i] : row[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

void Table::print() const {
  fmt::print("{}", str());
}

}  // namespace mica::tools
