// Raising models to later opsets: the same results, and refusals with their reasons.
#include "graph/upgrade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/opsets.h"
#include "graph/text_format.h"
#include "graph/verify.h"
#include "kernels/op.h"
#include "tests/rules/semantics.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

using testing::HasSubstr;

// Raises the graph, which must compute what it did. Returns its text without types.
std::string raised(const std::string& text, int64_t version) {
  GraphModel model = parse_text(text, operators());
  const std::vector<Datum> inputs = random_inputs(*model.graph, 1), before = interpret(model, inputs);
  raise_opset(model, version, operators());
  verify(*model.graph);
  EXPECT_EQ(model.opsets.at(""), version);
  for (const NodeId id : model.graph->order()) EXPECT_EQ(model.graph->node(id).opset, version);
  const std::vector<Datum> after = interpret(model, inputs);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(difference(before[i], after[i], 1e-6), "") << text;
  return print(model, {.types = false});
}

std::string refusal(const std::string& text, int64_t version) {
  GraphModel model = parse_text(text, operators());
  return message_of([&] { raise_opset(model, version, operators()); });
}

TEST(Upgrade, MakesInputsOfAttributes) {
  EXPECT_THAT(
      raised("graph (x: float[2,1,3]) -> (y) opset 11 { a = Squeeze(x) {axes=[1]} y = Unsqueeze(a) {axes=[0]} }", 13),
      HasSubstr("Squeeze(x, int64[1] [1])"));
  EXPECT_THAT(raised("graph (x: float[2,3]) -> (y) opset 13 { y = ReduceMean(x) {axes=[-1], keepdims=0} }", 20),
              HasSubstr("ReduceMean(x, int64[1] [-1]) {keepdims=0}"));
  EXPECT_THAT(raised("graph (x: float[2,3]) -> (y) opset 9 { y = Slice(x) {starts=[1], ends=[9], axes=[1]} }", 17),
              HasSubstr("Slice(x, int64[1] [1], int64[1] [9], int64[1] [1])"));
  EXPECT_THAT(raised("graph (x: float[2,3]) -> (y) opset 6 { y = Pad(x) {pads=[0,1,2,0], value=0.5} }", 18),
              HasSubstr("Pad(x, int64[4] [0,1,2,0], float[] 0.5)"));
  EXPECT_THAT(raised("graph (x: float16[2,3]) -> (y) opset 6 { y = Clip(x) {max=0.5} }", 13),
              HasSubstr("Clip(x, _, float16[] 0.5)"));
  EXPECT_THAT(raised("graph (x: float[2,6]) -> (v, i) opset 1 { v, i = TopK(x) {k=3, axis=1} }", 11),
              HasSubstr("TopK(x, int64[1] [3])"));
  EXPECT_THAT(raised("graph (x: float[2,6]) -> (a, b) opset 11 { a, b = Split(x) {axis=1} }", 18),
              HasSubstr("num_outputs=2"));
  EXPECT_THAT(raised("graph (x: float[2,6]) -> (a, b) opset 2 { a, b = Split(x) {axis=1, split=[1,5]} }", 18),
              HasSubstr("Split(x, int64[2] [1,5]) {axis=1}"));
  raised("graph (x: float[2,3]) -> (y) opset 1 { y = Tile(x, float[1] [3], float[1] [1]) }", 13);
  raised("graph (x: float[2,3]) -> (y) opset 4 { y = Reshape(x) {shape=[3,2]} }", 14);
}

TEST(Upgrade, SoftmaxOverManyAxes) {
  EXPECT_THAT(raised("graph (x: float[n,3]) -> (y) opset 11 { y = Softmax(x) }", 13), HasSubstr("axis=-1"));
  EXPECT_THAT(raised("graph (x: float[n,3,4]) -> (y) opset 9 { y = LogSoftmax(x) {axis=1} }", 21),
              HasSubstr("Flatten(x) {axis=1}"));
  raised("graph (x: float[2,3,4]) -> (y) opset 12 { y = Hardmax(x) {axis=-2} }", 13);
  EXPECT_THAT(raised("graph (x: float[2,3,1,1]) -> (y) opset 9 { y = Softmax(x) {axis=1} }", 13),
              HasSubstr("Softmax(x) {axis=1}"));
}

TEST(Upgrade, BroadcastsAsNumpy) {
  raised("graph (x: float[2,3,4,5], b: float[3,4]) -> (y) opset 6 { y = Add(x, b) {broadcast=1, axis=1} }", 14);
  raised("graph (x: float[2,3,4], b: float[4]) -> (y) opset 6 { y = Mul(x, b) {broadcast=1} }", 7);
  raised("graph (x: float[2,3,4,5], s: float[3]) -> (y) opset 6 { y = PRelu(x, s) }", 16);
  EXPECT_THAT(refusal("graph (x: float[?], b: float[3]) -> (y) opset 6 { y = Sub(x, b) {broadcast=1, axis=1} }", 14),
              HasSubstr("Sub cannot be raised to opset 7: the rank of input 0 is not known"));
}

TEST(Upgrade, Normalizations) {
  const std::string moments = "s: float[3], b: float[3], m: float[3], v: float[3]";
  raised("graph (x: float[2,3,4], " + moments +
             ") -> (y) opset 6 { d = Abs(v) y = BatchNormalization(x, s, b, m, d) "
             "{is_test=1} }",
         15);
  raised("graph (x: float[2,3], " + moments +
             ") -> (y, p, q) opset 9 { d = Abs(v) y, p, q = BatchNormalization(x, s, b, "
             "m, d) }",
         15);
  raised(
      "graph (x: float[2,3,2], s: float[3,2], b: float[3,2], m: float[3,2], v: float[3,2]) -> (y) opset 7 { d = Abs(v)"
      " y = BatchNormalization(x, s, b, m, d) {spatial=0} }",
      15);
  raised(
      "graph (x: float[2,4,3], s: float[2], b: float[2]) -> (y) opset 18 { y = GroupNormalization(x, s, b) "
      "{num_groups=2} }",
      21);
}

TEST(Upgrade, UpsampleBecomesResize) {
  EXPECT_THAT(raised("graph (x: float[1,1,2,2]) -> (y) opset 7 { y = Upsample(x) {scales=[1.0,1.0,2.0,3.0]} }", 19),
              HasSubstr("nearest_mode=\"floor\""));
  raised("graph (x: float[1,1,4,4]) -> (y) opset 10 { y = Resize(x, float[4] [1,1,0.5,0.5]) }", 13);
  raised("graph (x: float[1,1,3,3]) -> (y) opset 9 { y = Upsample(x, float[4] [1,1,2,2]) {mode=\"linear\"} }", 13);
  raised(
      "graph (x: float[1,1,4,5]) -> (y) opset 11 { r: float[0] = [] y = Resize(x, r, float[4] [1,1,0.6,1.7]) "
      "{coordinate_transformation_mode=\"tf_half_pixel_for_nn\", nearest_mode=\"floor\"} }",
      13);
  EXPECT_THAT(refusal("graph (x: float[1,4], s: float[2]) -> (y) opset 10 { y = Resize(x, s) }", 13),
              HasSubstr("its scales are computed"));
}

TEST(Upgrade, TheRest) {
  raised("graph (x: float[2,3]) -> (y, m) opset 7 { y, m = Dropout(x) {ratio=0.25} }", 13);
  raised("graph (x: float[2,3]) -> (y) opset 5 { y = Selu(x) {consumed_inputs=[0]} }", 6);
  raised("graph (x: float[2,3]) -> (y) opset 1 { a = Cast(x) {to=\"INT32\"} y = Concat(a, a) }", 13);
  EXPECT_THAT(raised("graph (x: float[3,3], i: int64[2,3], z: float[2,3]) -> (y) opset 9 { y = Scatter(x, i, z) }", 18),
              HasSubstr("ScatterElements"));
  raised(
      "graph (s: float[1,2], x: float[1,3,2]) -> (a, b) opset 8 { a, b = Scan(_, s, x) {num_scan_inputs=1, "
      "body=graph(p: float[2], q: float[2]) -> (r, t) { r = Add(p, q) t = Identity(r) }} }",
      21);
  raised(
      "graph (c: bool[], x: float[2,1]) -> (y) opset 11 { y = If(c) {then_branch=graph() -> (a) { a = Squeeze(x) "
      "{axes=[1]} }, else_branch=graph() -> (b) { b = ReduceSum(x) {axes=[1], keepdims=0} }} }",
      19);
  EXPECT_THAT(refusal("graph (x: float[2]) -> (y) opset 6 { y = Dropout(x) }", 13),
              HasSubstr("drops elements at random"));
}

TEST(Upgrade, NeverLowers) {
  EXPECT_THAT(refusal("graph (x: float[2]) -> (y) opset 13 { y = Neg(x) }", 12),
              HasSubstr("lower than the model's, 13"));
  EXPECT_THAT(refusal("graph (x: float[2]) -> (y) opset 13 { y = Neg(x) }", 99), HasSubstr("the newest is 27"));
}

TEST(Upgrade, StepsAreOfVersionsThatTheBuildHas) {
  for (const UpgradeStep& step : upgrades()) {
    EXPECT_NE(operators().find("", step.op_type, step.version), nullptr) << step.op_type;
  }
}

}  // namespace
}  // namespace mica
