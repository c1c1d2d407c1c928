// Gathering and scattering by indices, one-hot vectors, ranking and running sums.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "backends/backend.h"
#include "tests/api/model_from_text.h"
#include "tests/cuda/kernels/cases.h"

namespace mica {
namespace {

std::vector<DeviceCase> all_indexed() {
  Cases cases;
  const Tensor picks = Tensor::of<int64_t>({2, 3}, {0, -1, 4, 2, -5, 1});
  const Tensor narrow = Tensor::of<int32_t>({2, 3}, {0, -1, 4, 2, -5, 1});
  const Tensor rows = Tensor::of<int64_t>({3, 2}, {0, 3, -1, -4, 1, 0});
  const Tensor one_row = Tensor::of<int64_t>({2, 1}, {1, -2});
  const Tensor repeated = Tensor::of<int64_t>({2, 5}, {0, 1, 0, 0, -1, 2, 1, 0, 2, -1});
  const Tensor repeated_rows = Tensor::of<int64_t>({5, 1}, {2, 0, 2, -1, 0});
  for (const char* type : {"float", "float16", "double", "int8", "bool", "complex128"}) {
    const std::string t = type;
    cases.add("gather_elements_" + t, "x: " + t + "[3,5], i: int64[2,3], j: int32[2,3]",
              "y = GatherElements(x, i) {axis=1}  z = GatherElements(x, j) {axis=-1}", 0, "y, z",
              {{"i", picks}, {"j", narrow}});
    cases.add("gather_nd_" + t, "x: " + t + "[2,4,3], i: int64[3,2]", "y = GatherND(x, i)", 0, "y", {{"i", rows}});
    cases.add("gather_nd_batch_" + t, "x: " + t + "[2,3,3,2], i: int64[2,1]", "y = GatherND(x, i) {batch_dims=1}", 0,
              "y", {{"i", one_row}});
    cases.add("scatter_elements_" + t, "x: " + t + "[3,5], i: int64[2,5], u: " + t + "[2,5]",
              "y = ScatterElements(x, i, u) {axis=0}", 0, "y", {{"i", repeated}});
    cases.add("scatter_nd_" + t, "x: " + t + "[3,2,3], i: int64[5,1], u: " + t + "[5,2,3]", "y = ScatterND(x, i, u)", 0,
              "y", {{"i", repeated_rows}});
    cases.add("one_hot_" + t, "i: int64[2,3], v: " + t + "[2]",
              "a = OneHot(i, int64[] 5, v)  b = OneHot(i, int64[] 3, v) {axis=0}", 0, "a, b", {{"i", picks}});
  }
  for (const char* reduction : {"add", "mul", "max", "min"}) {
    for (const char* type : {"float", "float16", "bfloat16", "double", "int8", "int64"}) {
      const std::string t = type, attribute = std::string("reduction=\"") + reduction + "\"";
      cases.add(std::string(reduction) + "_elements_" + t, "x: " + t + "[3,5], i: int64[2,5], u: " + t + "[2,5]",
                "y = ScatterElements(x, i, u) {axis=0, " + attribute + "}", 0, "y", {{"i", repeated}});
      cases.add(std::string(reduction) + "_nd_" + t, "x: " + t + "[3,2,3], i: int64[5,1], u: " + t + "[5,2,3]",
                "y = ScatterND(x, i, u) {" + attribute + "}", 0, "y", {{"i", repeated_rows}});
    }
  }
  for (const char* type : {"float", "float16", "double", "int8", "complex128"}) {
    const std::string t = type;
    const std::vector<NamedInput> lengths = {{"n", Tensor::of<int64_t>({3}, {4, 0, 3})}};
    cases.add("reverse_" + t, "x: " + t + "[4,3,5], n: int64[3]", "y = ReverseSequence(x, n)", 0, "y", lengths);
    cases.add("reverse_batch_first_" + t, "x: " + t + "[3,4], n: int64[3]",
              "y = ReverseSequence(x, n) {batch_axis=0, time_axis=1}", 0, "y", lengths);
    const std::string cache = "x: " + t + "[3,2,7,5], u: " + t + "[3,2,3,5], n: int64[3]";
    cases.add("cache_rows_" + t, cache, "y = TensorScatter(x, u, n)", 0, "y", lengths);
    cases.add("cache_rows_circular_" + t, cache, "y = TensorScatter(x, u, n) {mode=\"circular\"}", 0, "y",
              {{"n", Tensor::of<int64_t>({3}, {5, -9, 30})}});
    cases.add("cache_rows_from_0_" + t, cache, "y = TensorScatter(x, u)", 0, "y", lengths);
  }
  cases.add("cache_rows_in_place", "x: float[1,4,5], u: float[1,3,5], n: int64[1]",
            "a = Neg(x)  y = TensorScatter(a, u, n)", 0, "y", {{"n", Tensor::of<int64_t>({1}, {1})}});
  cases.add("cache_rows_overlapping", "x: float[1,4,5], u: float[1,6,5], n: int64[1]",
            "y = TensorScatter(x, u, n) {mode=\"circular\"}", 0, "y", {{"n", Tensor::of<int64_t>({1}, {3})}});
  cases.add("scatter_in_place", "x: float[3,2], i: int64[5,1], u: float[5,2]", "a = Neg(x)  y = ScatterND(a, i, u)", 0,
            "y", {{"i", repeated_rows}});
  cases.add("gather_nothing", "x: float[3,5], i: int64[0,3]", "y = GatherElements(x, i)");
  cases.add("scatter_nothing", "x: float[3,5], i: int64[0,5], u: float[0,5]", "y = ScatterElements(x, i, u)");
  cases.add("one_hot_of_floats", "i: float[4], v: int32[2]", "y = OneHot(i, float[] 3.0, v)", 0, "y",
            {{"i", Tensor::of<float>({4}, {1.75f, -1.0f, 7.0f, -3.5f})}});
  return cases.all();
}

std::vector<DeviceCase> all_rankings() {
  Cases cases;
  for (const char* type : {"float", "float16", "bfloat16", "double", "int8", "int64", "uint16"}) {
    const std::string t = type;
    const std::string x = "x: " + t + "[3,40,5]";
    cases.add("extremes_" + t, x,
              "a = ArgMax(x) {axis=1}  b = ArgMin(x) {axis=2, keepdims=0}  "
              "c = ArgMax(x) {axis=0, select_last_index=1}  d = ArgMin(x) {axis=-1, select_last_index=1}",
              0, "a, b, c, d");
    cases.add("topk_" + t, x,
              "a, b = TopK(x, int64[1] [7]) {axis=1}  c, d = TopK(x, int64[1] [5]) {largest=0}  e, f = TopK(x, "
              "int64[1] [1]) {axis=1}",
              0, "a, b, c, d, e, f");
  }
  cases.add("wide", "x: float[2,3000]", "a, b = TopK(x, int64[1] [9])  c = ArgMax(x) {axis=1}", 0, "a, b, c");
  cases.add("all_of_them", "x: float[40]", "a, b = TopK(x, int64[1] [40])", 0, "a, b");
  cases.add("none_of_them", "x: float[2,40]", "a, b = TopK(x, int64[1] [0])", 0, "a, b");
  const Tensor odd = Tensor::of<float>({1, 8}, {1, NAN, 3, 3, -INFINITY, NAN, INFINITY, -0.0f});
  cases.add("odd_numbers", "x: float[1,8]",
            "a, b = TopK(x, int64[1] [8])  c, d = TopK(x, int64[1] [8]) {largest=0}  e = ArgMax(x) {axis=1}  f = "
            "ArgMin(x) {axis=1}",
            0, "a, b, c, d, e, f", {{"x", odd}});
  return cases.all();
}

std::vector<DeviceCase> all_running() {
  Cases cases;
  for (const char* type : {"float", "float16", "bfloat16", "double", "int32", "int64"}) {
    const std::string t = type;
    const double tolerance = t == "float16" ? 4e-3 : t == "bfloat16" ? 3e-2 : t[0] == 'i' ? 0 : 2e-5;
    for (const char* attributes : {"", " {exclusive=1}", " {reverse=1}", " {exclusive=1, reverse=1}"}) {
      cases.add(t + "_" + std::to_string(cases.all().size()), "x: " + t + "[3,70,5]",
                std::string("a = CumSum(x, int64[] 1)") + attributes + "  b = CumProd(x, int64[] -1)" + attributes +
                    "  c = CumSum(x, int64[] 0)" + attributes,
                tolerance, "a, b, c");
      cases.add(t + "_" + std::to_string(cases.all().size()), "x: " + t + "[3,70]",
                std::string("y = CumSum(x, int64[] 1)") + attributes, tolerance);
    }
  }
  cases.add("nothing", "x: float[3,0]", "y = CumSum(x, int64[] 1)");
  return cases.all();
}

class Indexed : public testing::TestWithParam<DeviceCase> {};
TEST_P(Indexed, AgreesWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Places, Indexed, testing::ValuesIn(all_indexed()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Rankings, Indexed, testing::ValuesIn(all_rankings()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Running, Indexed, testing::ValuesIn(all_running()), name_of_case);

// Runs the body with indices of which one is out of range, and says what went wrong.
std::string message_for(const std::string& body, const Tensor& indices) {
  const Model model = model_from_text(
      "graph g(x: float[3,5], i: int64[2,1], u: float[2,5], v: float[2,1]) -> (y) { y = " + body + " }", false);
  const float numbers[15] = {};
  Session session = model.compile({.device = MICA_TEST_DEVICE});
  try {
    session.run({{"x", Tensor::view<float>({3, 5}, numbers)},
                 {"i", indices},
                 {"u", Tensor::view<float>({2, 5}, numbers)},
                 {"v", Tensor::view<float>({2, 1}, numbers)}});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Indexed, IndicesOutOfRangeAreRefused) {
  try {
    open_device(MICA_TEST_DEVICE);
  } catch (const Error& error) {
    GTEST_SKIP() << "skipped: " << error.what();
  }
  for (const char* body : {"GatherElements(x, i)", "GatherND(x, i)", "ScatterElements(x, i, v)", "ScatterND(x, i, u)",
                           "ScatterND(x, i, u) {reduction=\"add\"}"}) {
    EXPECT_EQ(message_for(body, Tensor::of<int64_t>({2, 1}, {2, -3})), "") << body;
    for (const int64_t index : {int64_t{3}, int64_t{-4}, int64_t{1} << 40}) {
      EXPECT_THAT(message_for(body, Tensor::of<int64_t>({2, 1}, {0, index})), testing::Not("")) << body;
    }
  }
}

TEST(Indexed, RowsOutOfRangeAreRefused) {
  if (const std::string why = absence_of_device(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
  const float numbers[16] = {};
  for (const char* body : {"ReverseSequence(x, n) {batch_axis=0, time_axis=1}", "TensorScatter(x, u, n)"}) {
    const Model model = model_from_text(
        std::string("graph g(x: float[2,4,1], u: float[2,2,1], n: int64[2]) -> (y) opset 24 { y = ") + body + " }",
        false);
    Session session = model.compile({.device = MICA_TEST_DEVICE});
    const auto run = [&](int64_t number) {
      session.run({{"x", Tensor::view<float>({2, 4, 1}, numbers)},
                   {"u", Tensor::view<float>({2, 2, 1}, numbers)},
                   {"n", Tensor::of<int64_t>({2}, {0, number})}});
    };
    EXPECT_NO_THROW(run(2)) << body;
    EXPECT_THROW(run(-1), Error) << body;
    EXPECT_THROW(run(5), Error) << body;
    EXPECT_THROW(run(int64_t{1} << 40), Error) << body;
  }
}

}  // namespace
}  // namespace mica
