// Runs the cases of the text files beside this one. A case is
//
//   === name [portable] [chains] [without=RULE]
//   graph before
//   ---
//   graph after; `unchanged` when nothing must be found
//
// Elementwise operators are left apart, so that they can be seen, but where the title says `chains`.
// The result must print as the graph after does, and must compute what the graph before does.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "graph/pipeline.h"
#include "graph/text_format.h"
#include "kernels/op.h"
#include "runtime/base/error.h"
#include "runtime/evaluator.h"
#include "tests/rules/semantics.h"

namespace mica {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name, before, after;
  PipelineOptions options;
};

void PrintTo(const Case& test, std::ostream* out) {
  *out << test.name;
}

Case parse_title(const std::string& file, const std::string& title) {
  Case result;
  std::istringstream words(title);
  std::string word;
  words >> word >> word;
  result.name = file + "_" + word;
  result.options.verify = true;
  result.options.without.insert("fuse_elementwise");
  while (words >> word) {
    if (word == "portable") {
      result.options.target = Target::Portable;
    } else if (word == "chains") {
      result.options.without.erase("fuse_elementwise");
    } else if (word.starts_with("without=")) {
      result.options.without.insert(word.substr(8));
    } else {
      throw Error(ErrorCode::InvalidArgument, result.name + ": what is " + word + "?");
    }
  }
  return result;
}

std::vector<Case> read_cases() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(MICA_RULE_TEXTS)) {
    if (entry.path().extension() == ".txt" && entry.path().stem() != "CMakeLists") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Case> cases;
  for (const fs::path& path : files) {
    std::ifstream file(path);
    std::string* part = nullptr;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("===")) {
        cases.push_back(parse_title(path.stem().string(), line));
        part = &cases.back().before;
      } else if (line == "---") {
        part = &cases.back().after;
      } else if (part != nullptr) {
        *part += line + "\n";
      }
    }
  }
  return cases;
}

// The text with the values between inputs and outputs called after their order.
std::string normal_form(const GraphModel& model) {
  const std::unique_ptr<Graph> graph = model.graph->clone();
  int count = 0;
  for (const NodeId id : graph->order()) {
    for (const ValueId output : graph->node(id).outputs) {
      if (output != ValueId::None && !graph->is_output(output)) graph->rename(output, "t" + std::to_string(count++));
    }
  }
  TextOptions options;
  options.types = false;
  return print(*graph, options);
}

class RuleText : public testing::TestWithParam<Case> {};

TEST_P(RuleText, GivesTheGraphAfter) {
  const Case& test = GetParam();
  const GraphModel before = parse_text(test.before, operators());
  const bool unchanged = test.after.starts_with("unchanged");
  const GraphModel after = parse_text(unchanged ? test.before : test.after, operators());
  for (const GraphModel* given : {&before, &after}) {
    if (const std::string missing = missing_operator(*given->graph); !missing.empty()) {
      GTEST_SKIP() << "this build has no " << missing;
    }
  }
  GraphModel model = parse_text(test.before, operators());
  Notes notes;
  optimize(model, operators(), make_evaluator(), test.options, notes);
  std::string remarks;
  for (const Notes::Note& note : notes.all()) {
    EXPECT_NE(note.kind, Notes::Kind::Failed) << note.by << ": " << note.what;
    remarks += note.by + " at " + note.where + ": " + note.what + "\n";
  }
  EXPECT_EQ(normal_form(model), normal_form(after)) << remarks;

  const std::vector<Datum> inputs = random_inputs(*before.graph, 1);
  const std::vector<Datum> wanted = interpret(before, inputs);
  const std::vector<Datum> got = interpret(model, inputs);
  ASSERT_EQ(wanted.size(), got.size());
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(difference(got[i], wanted[i], 1e-5), "") << "output " << i;
}

INSTANTIATE_TEST_SUITE_P(Files, RuleText, testing::ValuesIn(read_cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace mica
