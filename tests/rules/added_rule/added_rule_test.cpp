// Adding a file with a rule adds the rule: extra.cpp is named nowhere.
#include <gtest/gtest.h>

#include "graph/edit.h"
#include "graph/pipeline.h"
#include "graph/text_format.h"
#include "kernels/op.h"
#include "runtime/base/error.h"
#include "runtime/evaluator.h"
#include "tests/rules/semantics.h"

namespace mica {
namespace {

constexpr const char* kText = "graph (x: float[n]) -> (y) { a = Abs(x) y = Abs(a) }";

size_t optimised_nodes(const PipelineOptions& options, Notes& notes) {
  GraphModel model = parse_text(kText, operators());
  optimize(model, operators(), make_evaluator(), options, notes);
  return living_nodes(*model.graph);
}

TEST(AddedRule, IsAppliedBecauseItsFileIsThere) {
  Notes notes;
  EXPECT_EQ(optimised_nodes({}, notes), 1u);
  EXPECT_EQ(notes.applied_by("extra"), 1u);
  EXPECT_EQ(notes.explain("extra"), "applied at Abs: gave Abs\n");
}

TEST(AddedRule, CanBeSwitchedOffByName) {
  Notes notes;
  PipelineOptions options;
  options.without = {"extra"};
  EXPECT_EQ(optimised_nodes(options, notes), 2u);
}

TEST(AddedRule, ThatThrowsIsNamedAndLeftOut) {
  GraphModel model =
      parse_text("graph (x: float[n]) -> (y) { a = Identity(x) b = Abs(a) c = Abs(b) y = Ceil(c) }", operators());
  Notes notes;
  optimize(model, operators(), make_evaluator(), {}, notes);
  EXPECT_EQ(notes.explain("throwing"), "failed: out of order\n");
  EXPECT_EQ(notes.applied_by("identity"), 1u);
  EXPECT_EQ(living_nodes(*model.graph), 2u);
  const auto y = interpret(model, {Tensor::of<float>({2}, {1.5f, -0.5f})});
  EXPECT_EQ(y[0].tensor.as<float>()[0], 2);
}

TEST(AddedRule, UnknownNamesAreRefusedWithASuggestion) {
  Notes notes;
  PipelineOptions options;
  options.without = {"identty"};
  try {
    optimised_nodes(options, notes);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "no pass or rule is called \"identty\"; did you mean \"identity\"?");
  }
}

}  // namespace
}  // namespace mica
