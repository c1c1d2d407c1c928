// RegexFullMatch, ai.onnx 20: whether all of each string matches a regular expression of RE2's syntax.
#include <memory>

#include "kernels/op.h"
#include "kernels/string/regex.h"

namespace mica {
namespace {

struct RegexFullMatch {
  std::string pattern;
  std::shared_ptr<const Regex> regex;
};

void prepare(RegexFullMatch& op, const NodeFacts&) {
  op.regex = std::make_shared<const Regex>(op.pattern);
}

void run_cpu(const RegexFullMatch& op, const Operands& io) {
  bool* to = io.out(0).mutable_data<bool>();
  for (const std::string& text : io.in(0).as<std::string>()) *to++ = op.regex->matches(text);
}

}  // namespace

MICA_OP(RegexFullMatch, 20) {
  return op<RegexFullMatch>()
      .input("X", types::string)
      .output("Y")
      .attribute("pattern", &RegexFullMatch::pattern)
      .prepare<prepare>()
      .infer(same_dims(DType::Bool))
      .cpu<run_cpu>();
}

}  // namespace mica
