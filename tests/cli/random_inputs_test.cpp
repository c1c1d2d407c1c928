// Random inputs that make sense: which values the graph allows, and which dims.
#include <gmock/gmock.h>

#include "graph/inference.h"
#include "graph/text_format.h"
#include "kernels/op.h"
#include "tools/inputs/dim_choice.h"
#include "tools/inputs/input_shapes.h"
#include "tools/inputs/random_values.h"
#include "tools/inputs/valid_values.h"

namespace mica::tools {
namespace {

using Kind = ValidValues::Kind;
using testing::ElementsAre;

ValidValues of_input(const std::string& text, size_t input = 0) {
  const GraphModel model = parse_text(text, operators());
  infer_types(*model.graph);
  return valid_values(*model.graph, model.graph->inputs[input]);
}

TEST(ValidValues, IndicesLieWithinTheirTable) {
  const ValidValues direct = of_input("graph g(i: int64[2], t: float[7,3]) -> (y) opset 20 {y = Gather(t, i)}");
  EXPECT_EQ(direct.kind, Kind::Range);
  EXPECT_EQ(direct.low, 0);
  EXPECT_EQ(direct.high, 6);
  // 2 i + 1 <= 6, and 0 <= i <= 8.
  const ValidValues narrowed = of_input(R"(
    graph g(i: int32[2], t: float[7,3], u: float[2,9]) -> (y, z) opset 20 {
      c = Cast(i) {to=7}
      d = Mul(c, int64[] 2)
      e = Add(d, int64[] 1)
      y = Gather(t, e)
      r = Reshape(i, int64[2] [1,2])
      z = Gather(u, r) {axis=1}
    })");
  EXPECT_EQ(narrowed.low, 0);
  EXPECT_EQ(narrowed.high, 2.5);
  // Rows of 4 in one table of 12: 4 row + i.
  const ValidValues rows = of_input(R"(
    graph g(i: int64[3], t: float[12]) -> (y) opset 20 {
      starts: int64[3] = [0,4,8]
      j = Add(starts, i)
      y = Gather(t, j)
    })");
  EXPECT_EQ(rows.low, 0);
  EXPECT_EQ(rows.high, 3);
}

TEST(ValidValues, IndicesAreFollowedIntoSubgraphs) {
  const ValidValues values = of_input(R"(
    graph g(i: int64[2], c: bool[], t: float[5]) -> (y) opset 20 {
      y = If(c) {then_branch=graph() -> (a) {a = Gather(t, i)}, else_branch=graph() -> (b) {b = Neg(t)}}
    })");
  EXPECT_EQ(values.kind, Kind::Range);
  EXPECT_EQ(values.high, 4);
}

TEST(ValidValues, ShapesMasksAndComparedValues) {
  const ValidValues shape = of_input("graph g(s: int64[2], x: float[6]) -> (y) opset 20 {y = Reshape(x, s)}");
  EXPECT_THAT(shape.list, ElementsAre(-1, 1));
  EXPECT_THAT(of_input("graph g(attention_mask: int64[1,4]) -> (y) opset 20 {y = Neg(attention_mask)}").list,
              ElementsAre(1));
  EXPECT_THAT(of_input("graph g(rate: int64[]) -> (y) opset 20 {y = Equal(rate, int64[] 16000)}").list,
              ElementsAre(16000));
  EXPECT_EQ(of_input("graph g(x: float[4]) -> (y) opset 20 {y = Neg(x)}").kind, Kind::Any);
}

TEST(RandomValues, EveryTypeWithinItsRange) {
  for (int i = 1; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(random_tensor(dtype, {2, 3}, {}, "x", 0).dtype(), dtype) << name(dtype);
  }
  const Tensor ids = random_tensor(DType::I64, {1000}, {Kind::Range, -0.5, 2.5, {}}, "x", 0);
  EXPECT_EQ(std::ranges::min(ids.as<int64_t>()), 0);
  EXPECT_EQ(std::ranges::max(ids.as<int64_t>()), 2);
  const Tensor cycle = random_tensor(DType::I32, {3}, {Kind::List, 0, 0, {4, 5}}, "x", 0);
  EXPECT_THAT(cycle.as<int32_t>(), ElementsAre(4, 5, 4));
}

TEST(DimChoice, ByName) {
  const auto everything = [](const SymbolValues&) { return true; };
  const SymbolValues dims = choose_dims({"batch", "past_sequence_length + 1", "total_len", "height"},
                                        {{"past_sequence_length", 5}, {"seq", 3}}, everything);
  EXPECT_EQ(dims.at("batch"), 1);
  EXPECT_EQ(dims.at("past_sequence_length + 1"), 6);
  EXPECT_EQ(dims.at("height"), 8);
}

TEST(DimChoice, WhatTheModelAccepts) {
  const auto strided = [](const SymbolValues& dims) { return dims.at("h") % 32 == 0 && dims.at("h") == dims.at("w"); };
  const SymbolValues dims = choose_dims({"n", "h", "w"}, {}, strided);
  EXPECT_EQ(dims.at("h") % 32, 0);
  EXPECT_EQ(dims.at("n"), 1);
  const auto nothing = [](const SymbolValues&) { return false; };
  EXPECT_EQ(choose_dims({"h"}, {}, nothing).at("h"), 8);
}

TEST(DimChoice, FollowsFromTheGraph) {
  const GraphModel model = parse_text(R"(
    graph g(a: float[n,past], b: float[n,new], m: float[n,all]) -> (y) opset 20 {
      c = Concat(a, b) {axis=1}
      y = Add(c, m)
    })",
                                      operators());
  CommonOptions options;
  options.quiet = true;
  const auto concrete = with_input_shapes(*model.graph, {{"a", Shape{2, 30}}}, options);
  const Dims all = *concrete->value(concrete->inputs[2]).type.dims;
  EXPECT_TRUE(all[0].is(2));
  EXPECT_TRUE(all[1].is(38) || all[1].is(1)) << str(all);
}

}  // namespace
}  // namespace mica::tools
