#include <algorithm>
#include <optional>

#include "kernels/string/regex_syntax.h"
#include "kernels/string/utf8.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

using Kind = RegexTree::Kind;
using Place = RegexStep::Place;
using Ranges = std::vector<CodeSet::Range>;

constexpr int kMaxDepth = 200;
constexpr int kMaxRepeat = 1000;  // as RE2

struct Flags {
  bool any_case = false;
  bool multi_line = false;
  bool dot_all = false;
};

class Parser {
 public:
  explicit Parser(std::string_view pattern) : pattern_(pattern), rest_(pattern) {}

  RegexTree parse() {
    RegexTree tree = choice();
    if (!rest_.empty()) fail("has a ) without its (");
    return tree;
  }

 private:
  [[noreturn]] void fail(const std::string& what, ErrorCode code = ErrorCode::InvalidModel) const {
    throw Error(code, "regular expression \"" + std::string(pattern_) + "\" " + what);
  }

  bool at(std::string_view text) const { return rest_.starts_with(text); }
  bool take(std::string_view text) {
    if (!at(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  char32_t take_any() {
    if (rest_.empty()) fail("ends too early");
    return take_code_point(rest_);
  }

  static RegexTree of(Kind kind) {
    RegexTree tree;
    tree.kind = kind;
    return tree;
  }

  RegexTree choice() {
    if (++depth_ > kMaxDepth) fail("is nested too deeply", ErrorCode::Unsupported);
    const Flags outside = flags_;
    RegexTree tree = of(Kind::Choice);
    do {
      tree.parts.push_back(sequence());
    } while (take("|"));
    flags_ = outside;
    --depth_;
    return tree;
  }

  RegexTree sequence() {
    RegexTree tree = of(Kind::Sequence);
    while (!rest_.empty() && !at("|") && !at(")")) {
      if (take("\\Q")) {
        quote(tree);
        continue;
      }
      RegexTree part = atom();
      repeat_once(part);
      tree.parts.push_back(std::move(part));
    }
    return tree;
  }

  // Text up to \E; a repetition behind it takes the last letter.
  void quote(RegexTree& tree) {
    bool any = false;
    while (!rest_.empty() && !take("\\E")) {
      tree.parts.push_back(literal(take_any()));
      any = true;
    }
    if (any) repeat_once(tree.parts.back());
  }

  void repeat_once(RegexTree& part) {
    if (repeat(part) && repeat(part)) fail("repeats a repetition");
  }

  // Wraps `part` when an operator of repetition follows.
  bool repeat(RegexTree& part) {
    int least = 0;
    int most = RegexTree::kUnlimited;
    if (take("+")) {
      least = 1;
    } else if (take("?")) {
      most = 1;
    } else if (!take("*") && !counted(least, most)) {
      return false;
    }
    take("?");  // which match is preferred does not matter for whether there is one
    RegexTree tree = of(Kind::Repeat);
    tree.least = least;
    tree.most = most;
    tree.parts.push_back(std::move(part));
    part = std::move(tree);
    return true;
  }

  // {n}, {n,} or {n,m}; anything else behind a { is text.
  bool counted(int& least, int& most) {
    const std::string_view before = rest_;
    if (!take("{")) return false;
    const auto first = number();
    if (first) {
      least = most = *first;
      if (take(",")) most = at("}") ? RegexTree::kUnlimited : number().value_or(-2);
      if (take("}") && most != -2) {
        if (least > kMaxRepeat || most > kMaxRepeat || (most != RegexTree::kUnlimited && most < least)) {
          fail("has a bad number of repetitions");
        }
        return true;
      }
    }
    rest_ = before;
    return false;
  }

  std::optional<int> number() {
    std::optional<int> value;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      value = std::min(value.value_or(0) * 10 + (rest_[0] - '0'), kMaxRepeat + 1);
      rest_.remove_prefix(1);
    }
    return value;
  }

  RegexTree literal(char32_t code) const { return of_set({{code, code}}); }
  RegexTree of_set(Ranges ranges, bool negated = false) const {
    RegexTree tree = of(Kind::Set);
    tree.set = {std::move(ranges), negated, flags_.any_case};
    return tree;
  }
  static RegexTree of_place(Place place) {
    RegexTree tree = of(Kind::Assert);
    tree.place = place;
    return tree;
  }

  RegexTree atom() {
    if (take("(")) return group();
    if (take("[")) return bracket();
    if (take("\\")) return escape();
    if (take("^")) return of_place(flags_.multi_line ? Place::LineBegin : Place::TextBegin);
    if (take("$")) return of_place(flags_.multi_line ? Place::LineEnd : Place::TextEnd);
    if (take(".")) return flags_.dot_all ? of_set({}, true) : of_set({{'\n', '\n'}}, true);
    if (at("*") || at("+") || at("?")) fail("repeats nothing");
    return literal(take_any());
  }

  RegexTree group() {
    if (take("?P<") || take("?<")) {
      const size_t end = rest_.find('>');
      if (end == rest_.npos || end == 0) fail("has a group whose name does not end");
      rest_.remove_prefix(end + 1);
    } else if (take("?")) {
      const Flags outside = flags_;
      read_flags();
      if (take(")")) return {};  // holds for the rest of the group around
      if (!take(":")) fail("has a group that RE2 does not know");
      RegexTree tree = choice();
      flags_ = outside;
      if (!take(")")) fail("has a ( without its )");
      return tree;
    }
    RegexTree tree = choice();
    if (!take(")")) fail("has a ( without its )");
    return tree;
  }

  void read_flags() {
    bool on = true;
    for (;;) {
      if (take("-")) {
        on = false;
      } else if (take("i")) {
        flags_.any_case = on;
      } else if (take("m")) {
        flags_.multi_line = on;
      } else if (take("s")) {
        flags_.dot_all = on;
      } else if (!take("U")) {
        return;
      }
    }
  }

  RegexTree escape() {
    if (take("A")) return of_place(Place::TextBegin);
    if (take("z")) return of_place(Place::TextEnd);
    if (take("b")) return of_place(Place::WordBoundary);
    if (take("B")) return of_place(Place::NoWordBoundary);
    Ranges ranges;
    const auto code = escaped(ranges);
    return code ? literal(*code) : of_set(std::move(ranges));
  }

  // What follows a backslash: a code point, or else a class, whose ranges are added.
  std::optional<char32_t> escaped(Ranges& ranges) {
    const char32_t code = take_any();
    const Ranges named = perl_class(code);
    if (!named.empty()) {
      ranges.insert(ranges.end(), named.begin(), named.end());
      return std::nullopt;
    }
    if (code == 'x') return hexadecimal();
    if (code >= '0' && code <= '7') return octal(code);
    constexpr std::u32string_view kLetters = U"aftnrv";
    constexpr std::u32string_view kCodes = U"\a\f\t\n\r\v";
    if (const size_t i = kLetters.find(code); i != kLetters.npos) return kCodes[i];
    if (code == 'p' || code == 'P' || code == 'C') {
      fail("uses Unicode classes or bytes, which Mica does not take", ErrorCode::Unsupported);
    }
    const bool word = (code >= '0' && code <= '9') || ((code | 0x20u) >= 'a' && (code | 0x20u) <= 'z');
    if (word && code < 0x80) fail("has an escape that RE2 does not know");
    return code;
  }

  char32_t hexadecimal() {
    const bool braces = take("{");
    char32_t value = 0;
    int digits = 0;
    for (; !rest_.empty() && digits < (braces ? 8 : 2); ++digits) {
      const size_t digit =
          std::string_view("0123456789abcdef").find(static_cast<char>(to_lower(static_cast<unsigned char>(rest_[0]))));
      if (digit == std::string_view::npos) break;
      value = value * 16 + static_cast<char32_t>(digit);
      rest_.remove_prefix(1);
    }
    if ((braces ? digits == 0 || !take("}") : digits != 2) || value > 0x10ffff) fail("has a bad \\x");
    return value;
  }

  char32_t octal(char32_t first) {
    char32_t value = first - '0';
    if (value != 0 && (rest_.empty() || rest_[0] < '0' || rest_[0] > '7')) fail("refers back, which RE2 cannot");
    for (int i = 0; i < 2 && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '7'; ++i) {
      value = value * 8 + static_cast<char32_t>(rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  RegexTree bracket() {
    const bool negated = take("^");
    Ranges ranges;
    for (bool first = true; first || !at("]"); first = false) {
      if (rest_.empty()) fail("has a [ without its ]");
      if (posix(ranges)) continue;
      const auto low = bracket_code(ranges);
      if (!low) continue;
      char32_t high = *low;
      if (at("-") && rest_.size() > 1 && rest_[1] != ']') {
        take("-");
        const auto end = bracket_code(ranges);
        if (!end || *end < *low) fail("has a bad range");
        high = *end;
      }
      ranges.push_back({*low, high});
    }
    take("]");
    return of_set(std::move(ranges), negated);
  }

  std::optional<char32_t> bracket_code(Ranges& ranges) { return take("\\") ? escaped(ranges) : take_any(); }

  // [:name:] or [:^name:] inside brackets
  bool posix(Ranges& ranges) {
    if (!at("[:")) return false;
    const size_t end = rest_.find(":]", 2);
    if (end == rest_.npos) return false;
    std::string_view name = rest_.substr(2, end - 2);
    const bool negated = name.starts_with("^");
    if (negated) name.remove_prefix(1);
    Ranges named = posix_class(name);
    if (named.empty()) fail("names the class " + std::string(name) + ", which RE2 does not know");
    if (negated) named = complement(std::move(named));
    ranges.insert(ranges.end(), named.begin(), named.end());
    rest_.remove_prefix(end + 2);
    return true;
  }

  std::string_view pattern_, rest_;
  Flags flags_;
  int depth_ = 0;
};

}  // namespace

RegexTree parse_regex(std::string_view pattern) {
  return Parser(pattern).parse();
}

}  // namespace mica
