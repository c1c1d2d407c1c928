// The syntax tree of a regular expression.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/string/regex.h"

namespace mica {

struct RegexTree {
  enum class Kind : uint8_t { Empty, Set, Assert, Sequence, Choice, Repeat };
  static constexpr int kUnlimited = -1;

  Kind kind = Kind::Empty;
  CodeSet set;
  RegexStep::Place place = RegexStep::Place::TextBegin;
  int least = 0, most = kUnlimited;  ///< Repeat
  std::vector<RegexTree> parts;
};

/// Parses a pattern. Trees are at most a few hundred levels deep.
RegexTree parse_regex(std::string_view pattern);

/// Named classes: the ranges of \d \s \w (by their letter), or of a POSIX class such as "alpha"; empty when there is no
/// such class.
std::vector<CodeSet::Range> perl_class(char32_t letter);
std::vector<CodeSet::Range> posix_class(std::string_view name);

/// The code points outside the ranges.
std::vector<CodeSet::Range> complement(std::vector<CodeSet::Range> ranges);

}  // namespace mica
