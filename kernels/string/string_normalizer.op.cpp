// StringNormalizer, ai.onnx 10: drops stop words from a [C] or [1, C] tensor and changes the case of the others. When
// nothing is left it gives one empty string. Case is mapped by code point, whatever the locale.
#include <algorithm>
#include <set>

#include "kernels/op.h"
#include "kernels/string/utf8.h"

namespace mica {
namespace {

struct StringNormalizer {
  std::string case_change_action = "NONE";
  bool is_case_sensitive = false;
  std::vector<std::string> stopwords;
  std::set<std::string, std::less<>> stops;  ///< in small letters unless is_case_sensitive
};

std::string map_case(std::string_view text, char32_t (*map)(char32_t)) {
  std::string result;
  while (!text.empty()) append_utf8(result, map(take_code_point(text)));
  return result;
}

void prepare(StringNormalizer& op, const NodeFacts&) {
  if (op.case_change_action != "NONE" && op.case_change_action != "LOWER" && op.case_change_action != "UPPER") {
    throw Error(ErrorCode::InvalidModel,
                "attribute \"case_change_action\" is \"" + op.case_change_action + "\", not NONE, LOWER or UPPER");
  }
  for (const std::string& word : op.stopwords) op.stops.insert(op.is_case_sensitive ? word : map_case(word, to_lower));
}

void check_rank(const InferContext& ctx, const Dims& dims) {
  if (dims.size() == 1 || (dims.size() == 2 && (!dims[0].is_constant() || dims[0].is(1)))) return;
  ctx.fail("the input must be [C] or [1,C], not " + str(dims));
}

void infer(const StringNormalizer&, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, DType::String);
  check_rank(ctx, *dims);
  ctx.set(0, DType::String, dims->size() == 1 ? Dims{ctx.unknown()} : Dims{1, ctx.unknown()});
}

void run_cpu(const StringNormalizer& op, const Operands& io) {
  const Shape& shape = io.in(0).shape();
  if (shape.rank() != 1 && (shape.rank() != 2 || shape[0] != 1)) {
    bad_input("the input must be [C] or [1,C], not " + io.in(0).str());
  }
  std::vector<std::string> kept;
  for (const std::string& word : io.in(0).as<std::string>()) {
    if (op.stops.contains(op.is_case_sensitive ? word : map_case(word, to_lower))) continue;
    const bool same = op.case_change_action == "NONE";
    kept.push_back(same ? word : map_case(word, op.case_change_action == "LOWER" ? to_lower : to_upper));
  }
  if (kept.empty()) kept.emplace_back();
  const int64_t count = static_cast<int64_t>(kept.size());
  Tensor& y = io.allocate(0, DType::String, shape.rank() == 1 ? Shape{count} : Shape{1, count});
  std::ranges::move(kept, y.mutable_data<std::string>());
}

}  // namespace

MICA_OP(StringNormalizer, 10) {
  return op<StringNormalizer>()
      .input("X", types::string)
      .output("Y")
      .attribute("case_change_action", &StringNormalizer::case_change_action)
      .attribute("is_case_sensitive", &StringNormalizer::is_case_sensitive)
      .attribute("stopwords", &StringNormalizer::stopwords)
      .ignored_attribute("locale")
      .prepare<prepare>()
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
