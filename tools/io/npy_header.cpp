#include "tools/io/npy_header.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "runtime/base/error.h"

namespace mica::tools {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignment = 64;

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::InvalidArgument, ".npy file: " + what);
}

// Reads the few forms of Python literals that a header has.
class Literals {
 public:
  explicit Literals(std::string_view text) : text_(text) {}

  bool skip(char c) {
    skip_spaces();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!skip(c)) fail(std::string("its header lacks a '") + c + "'");
  }
  std::string_view string() {
    skip_spaces();
    const char quote = text_.empty() ? 0 : text_[0];
    if (quote != '\'' && quote != '"') fail("its elements are not of a plain type");
    const size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) fail("its header ends within a string");
    const std::string_view result = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return result;
  }
  bool boolean() {
    skip_spaces();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(word.size());
      return word == "True";
    }
    fail("its header lacks a boolean");
  }
  int64_t integer() {
    skip_spaces();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) fail("a dim of its header is not a number");
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    skip('L');  // Python 2
    return value;
  }
  Shape shape() {
    Shape shape;
    expect('(');
    while (!skip(')')) {
      if (shape.rank() == Shape::kMaxRank) fail("its rank is too large");
      shape.push_back(integer());
      if (!skip(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

 private:
  void skip_spaces() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n')) text_.remove_prefix(1);
  }

  std::string_view text_;
};

void set_type(NpyHeader& header, std::string_view descr) {
  if (descr.size() < 2) fail(fmt::format("its element type \"{}\" is not known", descr));
  const bool has_order = std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
  header.order = has_order ? descr[0] : '|';
  header.kind = descr[has_order ? 1 : 0];
  const std::string_view size = descr.substr(has_order ? 2 : 1);
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), header.size);
  if (error != std::errc() || end != size.data() + size.size() || header.size > 1 << 20) {
    fail(fmt::format("its element type \"{}\" is not known", descr));
  }
}

}  // namespace

NpyHeader read_npy_header(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with(kMagic) || text.size() < 12) fail("it does not begin as one");
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<unsigned char>(text[at])); };
  NpyHeader header;
  const bool is_first = byte(6) == 1;
  if (byte(6) < 1 || byte(6) > 3) fail(fmt::format("its version {} is not known", byte(6)));
  const size_t start = is_first ? 10 : 12;
  const size_t length = byte(8) | byte(9) << 8 | (is_first ? 0 : byte(10) << 16 | byte(11) << 24);
  if (length > text.size() - start) fail("it ends within its header");
  header.bytes = start + length;

  Literals literals(text.substr(start, length));
  bool has_descr = false, has_order = false, has_shape = false;
  literals.expect('{');
  while (!literals.skip('}')) {
    const std::string_view key = literals.string();
    literals.expect(':');
    if (key == "descr") {
      set_type(header, literals.string());
      has_descr = true;
    } else if (key == "fortran_order") {
      header.fortran_order = literals.boolean();
      has_order = true;
    } else if (key == "shape") {
      header.shape = literals.shape();
      has_shape = true;
    } else {
      fail(fmt::format("its header has an unknown key \"{}\"", key));
    }
    literals.skip(',');
  }
  if (!has_descr || !has_order || !has_shape) fail("its header is not complete");
  return header;
}

std::string write_npy_header(const std::string& descr, const Shape& shape) {
  std::string dims;
  for (const int64_t dim : shape) dims += std::to_string(dim) + ",";
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, dims);
  const size_t start = kMagic.size() + 4;
  text.resize((start + text.size() + 1 + kAlignment - 1) / kAlignment * kAlignment - start - 1, ' ');
  text += '\n';
  std::string header(kMagic);
  header += {'\1', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace mica::tools
