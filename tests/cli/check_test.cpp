// mica check: all that is wrong is listed, with the reason.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace mica {
namespace {

using testing::HasSubstr;

class Check : public Program {};

TEST_F(Check, FindsNothingInASoundModel) {
  const Finished finished = mica({"check", toy_model(), "--json"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_TRUE(finished.json()["problems"].empty());
  EXPECT_EQ(finished.json()["nodes"], 125);
}

TEST_F(Check, ListsEveryProblemNotOnlyTheFirst) {
  const std::string bad = model("bad.onnx", R"(
    graph g(x: float[2,3], w: float[4,5] = 0.5) -> (y, z, u: float[7]) opset 20 {
      y = MatMul(x, w)
      z = Sofmax(x)
      u = Neg(x)
    })");
  const Finished finished = mica({"check", bad, "--json"});
  EXPECT_EQ(finished.code, 1);
  const auto problems = finished.json()["problems"];
  ASSERT_EQ(problems.size(), 3u) << finished.out;
  EXPECT_EQ(problems[0]["kind"], "types");
  EXPECT_THAT(problems[0]["where"], HasSubstr("MatMul"));
  EXPECT_EQ(problems[1]["kind"], "types");
  EXPECT_THAT(problems[1]["what"], HasSubstr("declared as float[7]"));
  EXPECT_EQ(problems[2]["kind"], "operator");
  EXPECT_THAT(problems[2]["what"], HasSubstr("did you mean \"Softmax\"?"));

  const Finished text = mica({"check", bad});
  EXPECT_EQ(text.code, 1);
  EXPECT_THAT(text.out, HasSubstr("3 problems"));
}

TEST_F(Check, SaysFromWhichVersionOnAnOperatorIsThere) {
  const std::string old = model("old.onnx", "graph g(x: float[2]) -> (y) opset 11 {y = HardSwish(x)}");
  const Finished finished = mica({"check", old});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.out, HasSubstr("from version 14 on"));
}

TEST_F(Check, ReportsWhatTheImportRefuses) {
  const Finished finished = mica({"check", file("noise", "no model at all"), "--json"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_EQ(finished.json()["problems"][0]["kind"], "model");
  EXPECT_EQ(mica({"check", path("missing")}).code, 2);
}

}  // namespace
}  // namespace mica
