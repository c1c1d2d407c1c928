// Regular expressions with the syntax of RE2 (https://github.com/google/re2/wiki/Syntax), matched in time linear in the
// text, whatever the pattern. Not taken: Unicode classes (\pN) and single bytes (\C).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mica {

/// A set of code points: sorted or not, overlapping or not, the ranges decide.
struct CodeSet {
  struct Range {
    char32_t first, last;
  };
  std::vector<Range> ranges;
  bool negated = false;
  bool any_case = false;

  bool contains(char32_t code) const;
};

/// A step of the program that a pattern is compiled to.
struct RegexStep {
  enum class Kind : uint8_t { Consume, Fork, Jump, Assert, Accept };
  enum class Place : uint8_t { TextBegin, TextEnd, LineBegin, LineEnd, WordBoundary, NoWordBoundary };

  static constexpr uint32_t kBehind = ~uint32_t{0};  ///< while compiling: at the step behind

  Kind kind = Kind::Accept;
  Place place = Place::TextBegin;  ///< Assert
  uint32_t set = 0;                ///< Consume: a code point of this set
  uint32_t next = kBehind;         ///< where to go on
  uint32_t other = 0;              ///< Fork: the other way to go on
};

struct RegexProgram {
  std::vector<CodeSet> sets;
  std::vector<RegexStep> steps;  ///< beginning with the first
};

class Regex {
 public:
  /// Throws InvalidModel for a malformed pattern, Unsupported for one that is too large or uses what is not taken.
  explicit Regex(std::string_view pattern);

  /// Whether the pattern matches all of the text.
  bool matches(std::string_view text) const;

 private:
  RegexProgram program_;
};

/// Compiles a pattern.
RegexProgram compile_regex(std::string_view pattern);

}  // namespace mica
