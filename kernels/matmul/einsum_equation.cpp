#include "kernels/matmul/einsum_equation.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "runtime/base/concat.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw_error(ErrorCode::InvalidModel, {"equation \"", text, "\": ", why});
}

std::vector<int> parse_term(const std::string& text, std::string_view term) {
  std::vector<int> labels;
  for (size_t i = 0; i < term.size(); ++i) {
    const char c = term[i];
    if (c >= 'A' && c <= 'Z') {
      labels.push_back(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      labels.push_back(c - 'a' + 26);
    } else if (term.substr(i, 3) == "...") {
      if (std::ranges::count(labels, EinsumEquation::kEllipsis) > 0) refuse(text, "a term has two ellipses");
      labels.push_back(EinsumEquation::kEllipsis);
      i += 2;
    } else {
      refuse(text, std::string("unexpected '") + c + "'");
    }
  }
  return labels;
}

// The ellipsis, then in order the labels that occur once.
std::vector<int> implicit_output(const EinsumEquation& equation) {
  std::map<int, int> occurrences;
  bool ellipsis = false;
  for (const auto& term : equation.inputs) {
    for (const int label : term) {
      if (label == EinsumEquation::kEllipsis) {
        ellipsis = true;
      } else {
        ++occurrences[label];
      }
    }
  }
  std::vector<int> output;
  if (ellipsis) output.push_back(EinsumEquation::kEllipsis);
  for (const auto& [label, count] : occurrences) {
    if (count == 1) output.push_back(label);
  }
  return output;
}

}  // namespace

EinsumEquation parse_einsum(const std::string& text) {
  std::string compact;
  std::ranges::copy_if(text, std::back_inserter(compact), [](unsigned char c) { return std::isspace(c) == 0; });
  const size_t arrow = compact.find("->");
  const std::string left = compact.substr(0, arrow);
  EinsumEquation equation;
  for (size_t begin = 0;;) {
    const size_t comma = left.find(',', begin);
    equation.inputs.push_back(parse_term(text, std::string_view(left).substr(begin, comma - begin)));
    if (comma == std::string::npos) break;
    begin = comma + 1;
  }
  if (arrow == std::string::npos) {
    equation.output = implicit_output(equation);
    return equation;
  }
  equation.output = parse_term(text, std::string_view(compact).substr(arrow + 2));
  for (const int label : equation.output) {
    if (std::ranges::count(equation.output, label) > 1) refuse(text, "the output repeats a label");
    const bool known =
        std::ranges::any_of(equation.inputs, [&](const auto& term) { return std::ranges::count(term, label) > 0; });
    if (!known && label != EinsumEquation::kEllipsis) refuse(text, "a label of the output is in no input");
  }
  return equation;
}

size_t ellipsis_rank(const std::vector<int>& term, size_t rank) {
  const bool ellipsis = std::ranges::count(term, EinsumEquation::kEllipsis) > 0;
  const size_t letters = term.size() - (ellipsis ? 1 : 0);
  if (rank < letters || (!ellipsis && rank != letters)) {
    throw_error(ErrorCode::InvalidArgument, {"an operand of rank ", rank, " does not fit a term of ", letters,
                                             " labels", (ellipsis ? " and an ellipsis" : "")});
  }
  return rank - letters;
}

EinsumAxes einsum_axes(const std::vector<int>& term, size_t rank) {
  const size_t covered = ellipsis_rank(term, rank);
  EinsumAxes axes;
  for (const int label : term) {
    if (label != EinsumEquation::kEllipsis) {
      axes.label[axes.rank++] = label;
      continue;
    }
    for (size_t i = covered; i-- > 0;) axes.label[axes.rank++] = EinsumAxes::kEllipsisLabel + static_cast<int>(i);
  }
  return axes;
}

}  // namespace mica
