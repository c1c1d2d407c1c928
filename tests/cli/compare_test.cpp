// mica compare: two models, and a model and values from elsewhere.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace mica {
namespace {

using testing::HasSubstr;

class Compare : public Program {
 protected:
  static std::string mlp(const std::string& bias) {
    return R"(
      graph mlp(x: float[n,3]) -> (y: float[n,2]) opset 20 {
        w: float[3,2] = [1,2,3,4,5,6]
        b: float[2] = )" +
           bias + R"(
        h: float[n,2] = MatMul(x, w) @"first"
        s: float[n,2] = Add(h, b) @"second"
        y = Neg(s) @"third"
      })";
  }
};

// models/toy.reference.npz holds PyTorch's logits and four values from within, for three inputs. They are of float
// arithmetic too: the logits are up to 1.1e-5 from those of float64, so that two right answers may be 2e-5 apart.
TEST_F(Compare, ToyModelAgreesWithPyTorch) {
  const Finished finished =
      mica({"compare", toy_model(), "--reference", source_path("models/toy.reference.npz"), "--json"});
  EXPECT_EQ(finished.code, 0) << finished.out;
  const auto json = finished.json();
  EXPECT_EQ(json["agree"], 15);
  EXPECT_EQ(json["differ"], 0);
  EXPECT_TRUE(json["first_difference"].is_null());
  for (const auto& value : json["values"]) EXPECT_LE(value["max_abs"].get<double>(), 2e-5) << value;
}

TEST_F(Compare, FindsTheFirstNodeThatDiffers) {
  const std::string a = model("a.onnx", mlp("[1,1]")), b = model("b.onnx", mlp("[1,2]"));
  const Finished same = mica({"compare", a, a});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("3 of 3 values agree"));

  const Finished finished = mica({"compare", a, b, "--json"});
  EXPECT_EQ(finished.code, 1);
  const auto json = finished.json();
  EXPECT_EQ(json["agree"], 1);
  EXPECT_EQ(json["first_difference"]["value"], "s");
  EXPECT_EQ(json["first_difference"]["node"], "Add \"second\"");
  EXPECT_EQ(mica({"compare", a, b, "--atol", "2"}).code, 0);
  EXPECT_THAT(mica({"compare", a, b}).out, HasSubstr("first to differ: \"s\" of Add \"second\""));
}

TEST_F(Compare, MatchesInputsAndOutputsOfOtherNamesByPosition) {
  const std::string a = model("a.onnx", "graph g(x: float[n]) -> (y) opset 20 {y = Neg(x)}");
  const std::string b = model("b.onnx", "graph g(u: float[m]) -> (v) opset 20 {v = Neg(u)}");
  EXPECT_EQ(mica({"compare", a, b}).code, 0);
  const std::string two = model("two.onnx", "graph g(x: float[n], z: float[n]) -> (y) opset 20 {y = Add(x, z)}");
  EXPECT_EQ(mica({"compare", a, two}).code, 2);
}

TEST_F(Compare, TakesWhatRunHasSaved) {
  const std::string a = model("a.onnx", mlp("[1,1]")), b = model("b.onnx", mlp("[1,2]"));
  ASSERT_EQ(mica({"run", a, "--seed", "3", "--dim", "n=5", "--output-dir", path("d"), "--save-inputs", path("d")}).code,
            0);
  EXPECT_EQ(mica({"compare", a, "--reference", path("d")}).code, 0);
  EXPECT_EQ(mica({"compare", b, "--reference", path("d")}).code, 1);
}

TEST_F(Compare, ReadsFoldersOfTheBackendTests) {
  const std::string folder = source_path("tests/e2e/bert_tiny");
  const Finished finished = mica({"compare", folder + "/model.onnx", "--reference", folder, "--json"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(finished.json()["agree"], 6) << "two outputs in three data sets";
  EXPECT_EQ(mica({"compare", toy_model(), "--reference", source_path("tests/cli")}).code, 2);
}

}  // namespace
}  // namespace mica
