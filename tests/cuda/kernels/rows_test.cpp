// Softmax, normalisation and reductions: by warps, by blocks and by columns.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/cuda/kernels/device_case.h"

namespace mica {
namespace {

struct Type {
  std::string name;
  double tolerance;
};
const Type kTypes[] = {{"float", 4e-6}, {"float16", 2e-3}, {"bfloat16", 1.6e-2}, {"double", 1e-12}};

std::vector<DeviceCase> all_softmax() {
  std::vector<DeviceCase> cases;
  for (const Type& type : kTypes) {
    for (const char* op : {"Softmax", "LogSoftmax"}) {
      const auto add = [&](const std::string& shape, const std::string& axis) {
        cases.push_back({op + ("_" + type.name) + "_" + std::to_string(cases.size()),
                         "graph g(x: " + type.name + shape + ") -> (y) { y = " + op + "(x) {axis=" + axis + "} }",
                         type.tolerance, type.tolerance});
      };
      add("[3,4,5]", "-1");
      add("[3,100]", "1");
      add("[2,1500]", "1");
      add("[1,9000]", "1");
      add("[3,7,5]", "1");
      add("[0,7]", "1");
      add("[7]", "0");
    }
  }
  const float infinity = std::numeric_limits<float>::infinity();
  cases.push_back(
      {"hidden",
       "graph g(x: float[3,3]) -> (y) { y = Softmax(x) }",
       1e-6,
       1e-7,
       {{"x", Tensor::of<float>({3, 3}, {-infinity, 0, 1, -infinity, -infinity, -infinity, 100, -100, NAN})}}});
  cases.push_back({"flattened", "graph g(x: float[3,4,5]) -> (y) opset 11 { y = Softmax(x) {axis=1} }", 1e-6, 1e-7});
  return cases;
}

std::vector<DeviceCase> all_norms() {
  std::vector<DeviceCase> cases;
  for (const Type& type : kTypes) {
    const std::string& t = type.name;
    const auto add = [&](const std::string& name, const std::string& inputs, const std::string& body,
                         const std::string& outputs = "y") {
      cases.push_back({name + "_" + t,
                       "graph g(" + inputs + ") -> (" + outputs + ") opset 23, com.microsoft 1 { " + body + " }",
                       type.tolerance, 2 * type.tolerance});
    };
    add("layer", "x: " + t + "[5,48], s: " + t + "[48], b: " + t + "[48]", "y = LayerNormalization(x, s, b)");
    add("layer_wide", "x: " + t + "[2,1300], s: " + t + "[1300]", "y = LayerNormalization(x, s)");
    add("local", "x: " + t + "[2,7,3,5]", "y = LRN(x) {size=4, alpha=0.2, beta=0.6, bias=1.5}");
    add("local_of_one", "x: " + t + "[2,1]", "y = LRN(x) {size=3}");
    add("lp", "x: " + t + "[3,5,40]",
        "a = LpNormalization(x)  b = LpNormalization(x) {axis=1, p=1}  z = Sub(x, x)  c = LpNormalization(z) {axis=0}",
        "a, b, c");
    add("layer_axes", "x: " + t + "[2,3,4,5], s: " + t + "[4,5], b: " + t + "[4,5]",
        "y = LayerNormalization(x, s, b) {axis=2, epsilon=0.01}");
    add("rms", "x: " + t + "[5,48], s: " + t + "[48]", "y = RMSNormalization(x, s)");
    if (t == "double") continue;  // ONNX Runtime's operators
    add("skip", "x: " + t + "[2,3,48], k: " + t + "[2,3,48], s: " + t + "[48], b: " + t + "[48], c: " + t + "[48]",
        "y, m, d, u = com.microsoft.SkipLayerNormalization(x, k, s, b, c)", "y, m, d, u");
    add("skip_repeated", "x: " + t + "[2,3,48], k: " + t + "[3,48], s: " + t + "[48]",
        "y = com.microsoft.SkipSimplifiedLayerNormalization(x, k, s)");
  }
  cases.push_back({"moments",
                   R"(graph g(x: float[5,48], s: float[48]) -> (y, m, d) { y, m, d = LayerNormalization(x, s) })", 4e-6,
                   1e-6});
  return cases;
}

std::vector<DeviceCase> all_reductions() {
  std::vector<DeviceCase> cases;
  for (const Type& type : kTypes) {
    for (const char* op : {"ReduceSum", "ReduceMean", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSum",
                           "ReduceLogSumExp", "ReduceProd", "ReduceMax", "ReduceMin"}) {
      std::string body, outputs;
      int count = 0;
      for (const char* axes : {"[1] [2]", "[1] [0]", "[2] [0,2]", "[1] [1]", "[3] [0,1,2]"}) {
        const std::string y = "y" + std::to_string(count++);
        body += "  " + y + " = " + op + "(x, int64" + axes + ") {keepdims=" + std::to_string(count % 2) + "}";
        outputs += (outputs.empty() ? "" : ", ") + y;
      }
      cases.push_back({op + ("_" + type.name),
                       "graph g(x: " + type.name + "[3,4,5]) -> (" + outputs + ") {" + body + " }", 4 * type.tolerance,
                       4 * type.tolerance});
    }
  }
  for (const char* op : {"ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin"}) {
    const std::string name = op;
    cases.push_back({name + "_integers",
                     "graph g(x: int64[3,4,5], z: int32[3,4,5]) -> (y, w) { y = " + name +
                         "(x, int64[1] [1])  w = " + name + "(z, int64[1] [2]) }",
                     0, 0});
  }
  cases.push_back({"wide", "graph g(x: float[2,5000]) -> (y) { y = ReduceMean(x, int64[1] [1]) }", 1e-5, 1e-6});
  cases.push_back({"by_attribute", "graph g(x: float[3,4,5]) -> (y) opset 13 { y = ReduceMean(x) {axes=[-1]} }"});
  cases.push_back({"nothing", "graph g(x: float[3,0]) -> (y) { y = ReduceSum(x, int64[1] [1]) }"});
  return cases;
}

class Rows : public testing::TestWithParam<DeviceCase> {};
TEST_P(Rows, AgreeWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Softmax, Rows, testing::ValuesIn(all_softmax()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Norms, Rows, testing::ValuesIn(all_norms()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Reductions, Rows, testing::ValuesIn(all_reductions()), name_of_case);

}  // namespace
}  // namespace mica
