// StringSplit, ai.onnx 20: cuts each string at a delimiter, or at runs of white space when there is none, at most
// maxsplit times. Shorter lists of pieces are filled up with empty strings; the second output counts the pieces.
#include <algorithm>
#include <limits>

#include "kernels/op.h"

namespace mica {
namespace {

struct StringSplit {
  std::string delimiter;
  std::optional<int64_t> maxsplit;
};

void infer(const StringSplit&, InferContext& ctx) {
  const Dims* from = ctx.dims(0);
  if (from == nullptr) {
    ctx.set(0, DType::String);
    return ctx.set(1, DType::I64);
  }
  Dims dims = *from;
  dims.push_back(ctx.unknown());
  ctx.set(0, DType::String, std::move(dims));
  ctx.set(1, DType::I64, *from);
}

using Pieces = std::vector<std::string_view>;

Pieces split_at(std::string_view text, std::string_view delimiter, size_t limit) {
  Pieces pieces;
  while (pieces.size() < limit) {
    const size_t at = text.find(delimiter);
    if (at == text.npos) break;
    pieces.push_back(text.substr(0, at));
    text.remove_prefix(at + delimiter.size());
  }
  pieces.push_back(text);
  return pieces;
}

Pieces split_at_spaces(std::string_view text, size_t limit) {
  constexpr std::string_view kSpaces = " \t\n\v\f\r\x1c\x1d\x1e\x1f";
  Pieces pieces;
  for (;;) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(kSpaces)));
    if (text.empty()) return pieces;
    if (pieces.size() == limit) break;
    const size_t end = std::min(text.size(), text.find_first_of(kSpaces));
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  pieces.push_back(text);
  return pieces;
}

void run_cpu(const StringSplit& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const bool limited = op.maxsplit && *op.maxsplit >= 0;
  const size_t limit = limited ? static_cast<size_t>(*op.maxsplit) : std::numeric_limits<size_t>::max();
  std::vector<Pieces> all;
  size_t most = 0;
  for (const std::string& text : x.as<std::string>()) {
    all.push_back(op.delimiter.empty() ? split_at_spaces(text, limit) : split_at(text, op.delimiter, limit));
    most = std::max(most, all.back().size());
  }
  if (io.wants(0)) {
    Shape shape = x.shape();
    shape.push_back(static_cast<int64_t>(most));
    std::string* to = io.allocate(0, DType::String, shape).mutable_data<std::string>();
    for (size_t i = 0; i < all.size(); ++i) std::ranges::copy(all[i], to + i * most);
  }
  if (io.wants(1)) {
    int64_t* to = io.allocate(1, DType::I64, x.shape()).mutable_data<int64_t>();
    for (const Pieces& pieces : all) *to++ = static_cast<int64_t>(pieces.size());
  }
}

}  // namespace

MICA_OP(StringSplit, 20) {
  return op<StringSplit>()
      .input("X", types::string)
      .output("Y")
      .output("Z")
      .attribute("delimiter", &StringSplit::delimiter)
      .attribute("maxsplit", &StringSplit::maxsplit)
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
