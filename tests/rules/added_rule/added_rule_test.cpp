// Adding a file with a rule adds the rule: extra.cpp is named nowhere. Rules that break or are wrong are found.
#include <gmock/gmock.h>

#include <filesystem>

#include "graph/edit.h"
#include "graph/onnx/export.h"
#include "graph/onnx/import.h"
#include "graph/pipeline.h"
#include "graph/text_format.h"
#include "kernels/op.h"
#include "runtime/base/error.h"
#include "runtime/evaluator.h"
#include "tests/rules/semantics.h"
#include "tools/command.h"

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
  options.without = {"extra", "fuse_elementwise"};
  EXPECT_EQ(optimised_nodes(options, notes), 2u);
}

TEST(AddedRule, ThatThrowsIsNamedAndLeftOut) {
  GraphModel model =
      parse_text("graph (x: float[n]) -> (y) { a = Identity(x) b = Abs(a) c = Abs(b) y = Ceil(c) }", operators());
  Notes notes;
  PipelineOptions options;
  options.without = {"fuse_elementwise"};
  optimize(model, operators(), make_evaluator(), options, notes);
  EXPECT_EQ(notes.explain("throwing"), "failed: out of order\n");
  EXPECT_EQ(notes.applied_by("identity"), 1u);
  EXPECT_EQ(living_nodes(*model.graph), 2u);
  const auto y = interpret(model, {Tensor::of<float>({2}, {1.5f, -0.5f})});
  EXPECT_EQ(y[0].tensor.as<float>()[0], 2);
}

TEST(AddedRule, ThatChangesResultsIsFoundByVerify) {
  const std::string folder = testing::TempDir(), in = folder + "mica_wrong_in.onnx", out = folder + "mica_wrong.onnx";
  onnx::save_model(
      parse_text("graph (x: float[9]) -> (y) opset 20 { a = Identity(x) b = Abs(a) y = Sinh(b) }", operators()), in);
  CLI::App app;
  tools::Action action;
  for (const tools::AddCommand add : tools::commands()) add(app, action);
  app.parse("optimize " + in + " -o " + out + " --verify");
  testing::internal::CaptureStderr();
  EXPECT_EQ(action(), tools::kOk);
  const std::string remarks = testing::internal::GetCapturedStderr();
  EXPECT_THAT(remarks, testing::HasSubstr("wrong changed the results and was left out: output \"y\""));
  EXPECT_THAT(remarks, testing::Not(testing::HasSubstr("identity changed")));
  const GraphModel written = onnx::import_model(out, operators());
  EXPECT_EQ(living_nodes(*written.graph), 2u);  // without the Identity, with the Sinh
  const auto y = interpret(written, {Tensor::of<float>({9}, {0, 1, 0, 0, 0, 0, 0, 0, 0})});
  EXPECT_NEAR(y[0].tensor.as<float>()[1], 1.1752f, 1e-4f);
  std::filesystem::remove(in);
  std::filesystem::remove(out);
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
