#include <algorithm>

#include "kernels/string/regex_syntax.h"
#include "kernels/string/utf8.h"

namespace mica {
namespace {

constexpr char32_t kLast = 0x10ffff;

bool in_ranges(const std::vector<CodeSet::Range>& ranges, char32_t code) {
  return std::ranges::any_of(ranges, [&](const auto& range) { return code >= range.first && code <= range.last; });
}

struct NamedClass {
  std::string_view name;
  std::vector<CodeSet::Range> ranges;
};

const std::vector<NamedClass>& posix_classes() {
  static const std::vector<NamedClass> classes{
      {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
      {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
      {"ascii", {{0, 0x7f}}},
      {"blank", {{'\t', '\t'}, {' ', ' '}}},
      {"cntrl", {{0, 0x1f}, {0x7f, 0x7f}}},
      {"digit", {{'0', '9'}}},
      {"graph", {{'!', '~'}}},
      {"lower", {{'a', 'z'}}},
      {"print", {{' ', '~'}}},
      {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
      {"space", {{'\t', '\r'}, {' ', ' '}}},
      {"upper", {{'A', 'Z'}}},
      {"word", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}, {'_', '_'}}},
      {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
  };
  return classes;
}

}  // namespace

bool CodeSet::contains(char32_t code) const {
  const bool inside =
      in_ranges(ranges, code) || (any_case && (in_ranges(ranges, to_lower(code)) || in_ranges(ranges, to_upper(code))));
  return inside != negated;
}

std::vector<CodeSet::Range> posix_class(std::string_view name) {
  const auto found = std::ranges::find(posix_classes(), name, &NamedClass::name);
  return found == posix_classes().end() ? std::vector<CodeSet::Range>{} : found->ranges;
}

std::vector<CodeSet::Range> perl_class(char32_t letter) {
  switch (letter) {
    case 'd':
      return posix_class("digit");
    case 's':
      return {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
    case 'w':
      return posix_class("word");
    case 'D':
    case 'S':
    case 'W':
      return complement(perl_class(letter - 'A' + 'a'));
    default:
      return {};
  }
}

std::vector<CodeSet::Range> complement(std::vector<CodeSet::Range> ranges) {
  std::ranges::sort(ranges, {}, &CodeSet::Range::first);
  std::vector<CodeSet::Range> result;
  char32_t next = 0;
  for (const CodeSet::Range& range : ranges) {
    if (range.first > next) result.push_back({next, range.first - 1});
    next = std::max<char32_t>(next, range.last + 1);
  }
  if (next <= kLast) result.push_back({next, kLast});
  return result;
}

}  // namespace mica
