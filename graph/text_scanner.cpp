#include "graph/text_scanner.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "graph/dim_broadcast.h"
#include "graph/infer_context.h"
#include "graph/text_elements.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

constexpr int kMaxDepth = 100;  // of parentheses

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

void TextScanner::fail(const std::string& wanted) const {
  const std::string_view before = text_.substr(0, at_);
  const auto line = 1 + std::ranges::count(before, '\n');
  const size_t column = at_ - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
  throw Error(ErrorCode::InvalidModel,
              "line " + std::to_string(line) + ", column " + std::to_string(column) + ": expected " + wanted);
}

void TextScanner::skip() {
  while (at_ < text_.size()) {
    if (text_[at_] == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
      ++at_;
    } else {
      return;
    }
  }
}

bool TextScanner::at_end() {
  skip();
  return at_ == text_.size();
}

bool TextScanner::next_is(char c) {
  return !at_end() && text_[at_] == c;
}

bool TextScanner::accept(std::string_view text) {
  skip();
  if (!text_.substr(at_).starts_with(text)) return false;
  at_ += text.size();
  return true;
}

bool TextScanner::accept_word(std::string_view word) {
  const size_t begin = at_;
  if (accept(word) && !is_plain_name(text_.substr(at_, 1))) return true;
  at_ = begin;
  return false;
}

void TextScanner::expect(std::string_view text) {
  if (!accept(text)) fail("`" + std::string(text) + "`");
}

bool TextScanner::next_is_name() {
  return !at_end() && (text_[at_] == '"' || is_plain_name(text_.substr(at_, 1)) || text_.substr(at_).starts_with("::"));
}

std::string TextScanner::name() {
  if (!next_is_name()) fail("a name");
  if (text_[at_] == '"') return quoted();
  const size_t begin = at_;
  while (at_ < text_.size()) {
    const size_t step = text_[at_] == ':' ? 2 : 1;
    if (!is_plain_name(text_.substr(at_, step))) break;
    at_ += step;
  }
  return std::string(text_.substr(begin, at_ - begin));
}

std::string TextScanner::quoted() {
  expect("\"");
  std::string out;
  for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
    if (text_[at_] != '\\') {
      out += text_[at_];
    } else if (text_.substr(at_ + 1, 1) == "x" && at_ + 3 < text_.size()) {
      const int high = hex_digit(text_[at_ + 2]), low = hex_digit(text_[at_ + 3]);
      if (high < 0 || low < 0) fail("two hexadecimal digits after \\x");
      out += static_cast<char>(high * 16 + low);
      at_ += 3;
    } else if (text_.substr(at_ + 1, 1) == "\"" || text_.substr(at_ + 1, 1) == "\\") {
      out += text_[++at_];
    } else {
      fail("one of \\\" \\\\ \\x");
    }
  }
  if (at_ == text_.size()) fail("the end of the quotation");
  ++at_;
  return out;
}

std::string_view TextScanner::number() {
  skip();
  const size_t begin = at_;
  while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                std::string_view("+-.").find(text_[at_]) != std::string_view::npos)) {
    ++at_;
  }
  if (at_ == begin) fail("a number");
  return text_.substr(begin, at_ - begin);
}

int64_t TextScanner::integer() {
  skip();
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
  if (error != std::errc()) fail("an integer");
  at_ = static_cast<size_t>(end - text_.data());
  return value;
}

Dim TextScanner::dim() {
  if (next_is('"')) return Dim::symbol(quoted());
  if (accept("?")) return Dim::symbol(kUnknownSign + std::string("text.") + std::to_string(at_));
  return sum(0);
}

// The grammar of Dim::str.
Dim TextScanner::sum(int depth) {
  Dim total = accept("-") ? -term(depth) : term(depth);
  while (true) {
    if (accept("+")) {
      total = total + term(depth);
    } else if (accept("-")) {
      total = total - term(depth);
    } else {
      return total;
    }
  }
}

Dim TextScanner::term(int depth) {
  Dim product = factor(depth);
  while (accept("*")) product = product * factor(depth);
  return product;
}

Dim TextScanner::factor(int depth) {
  if (depth == kMaxDepth) fail("fewer parentheses");
  if (accept("(")) {
    const Dim inner = sum(depth + 1);
    expect(")");
    return inner;
  }
  if (at_end()) fail("a dim");
  if (std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) return integer();
  const size_t begin = at_;
  while (at_ < text_.size() && is_plain_symbol(text_.substr(begin, at_ + 1 - begin))) ++at_;
  if (at_ == begin) fail("a dim");
  const std::string word(text_.substr(begin, at_ - begin));
  if (!accept("(")) return Dim::symbol(word);
  Dim result = word == "floor" || word == "truncate" ? term(depth + 1) : sum(depth + 1);
  if (word == "floor") {
    expect("/");
    result = floor_div(result, factor(depth + 1));
  } else if (word == "truncate") {
    expect("/");
    result = truncate_div(result, factor(depth + 1));
  } else if (word == "min" || word == "max" || word == "broadcast") {
    const auto join = word == "min" ? min : word == "max" ? max : broadcast;
    while (accept(",")) result = join(result, sum(depth + 1));
  } else {
    at_ = begin;
    fail("floor, truncate, min, max or broadcast");
  }
  expect(")");
  return result;
}

}  // namespace mica
