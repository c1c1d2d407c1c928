// How the commands write numbers, tables and JSON.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace mica::tools {

/// Keys in the order in which they are put in.
using Json = nlohmann::ordered_json;

/// To stdout, indented. Text that is not UTF-8 is mended; numbers that are not finite become null.
void print_json(const Json& json);

std::string format_bytes(size_t bytes);        ///< "12.3 MB" (of 10^6 bytes)
std::string format_seconds(double seconds);    ///< "210.5 us", "1.52 ms", "2.10 s"
std::string format_count(double count);        ///< "49.6 K", "110.2 M"
std::string printable(std::string_view text);  ///< with control characters replaced by '?'
std::string in_quotes(std::string_view text);  ///< in double quotes, printable

/// Columns as wide as their widest cell, two spaces apart.
class Table {
 public:
  enum class Align { Left, Right };
  /// One entry a column; a headline is printed when `titles` has one that is not empty.
  struct Column {
    std::string title;
    Align align = Align::Left;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Cells beyond the columns are not allowed; missing ones are empty.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  std::string str() const;
  void print() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace mica::tools
