// Characters, words and numbers of the text form of graphs. For the text form's own files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "graph/dim.h"

namespace mica {

/// A position in a text. Everything skips spaces, newlines and comments (# to the end of the line) first.
class TextScanner {
 public:
  explicit TextScanner(std::string_view text) : text_(text) {}

  [[noreturn]] void fail(const std::string& wanted) const;  ///< "line 2, column 7: expected a name"

  bool at_end();
  bool next_is(char c);
  bool accept(std::string_view text);       ///< takes punctuation if it is next
  bool accept_word(std::string_view word);  ///< takes a whole word if it is next
  void expect(std::string_view text);

  bool next_is_name();
  std::string name();  ///< plain or quoted
  std::string quoted();
  std::string_view number();  ///< the characters of a number, `true`, `inf` ...; not empty
  int64_t integer();
  Dim dim();  ///< an expression, a quoted symbol, or `?`

  size_t position() const { return at_; }
  void return_to(size_t position) { at_ = position; }

 private:
  void skip();
  Dim term(int depth);
  Dim factor(int depth);
  Dim sum(int depth);

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace mica
