// Products of matrices of all sizes: of whole and partial tiles, of few rows, of stacks.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/cuda/kernels/device_case.h"

namespace mica {
namespace {

std::vector<DeviceCase> all_products() {
  std::vector<DeviceCase> cases;
  const auto add = [&](const std::string& name, const std::string& inputs, const std::string& body,
                       double tolerance = 2e-5) {
    cases.push_back({name, "graph g(" + inputs + ") -> (y) opset 27, com.microsoft 1, mica 1 { y = " + body + " }",
                     tolerance, tolerance});
  };
  struct Size {
    int m, n, k;
  };
  for (const auto& [m, n, k] : {Size{32, 32, 16},
                                {33, 65, 17},
                                {5, 7, 3},
                                {70, 40, 100},
                                {1, 300, 200},
                                {3, 40, 130},
                                {17, 1, 9},
                                {1, 1, 1},
                                {6, 0, 4}}) {
    const std::string size = std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
    const std::string a = "[" + std::to_string(m) + "," + std::to_string(k) + "]";
    const std::string b = "[" + std::to_string(k) + "," + std::to_string(n) + "]";
    const std::string c = "[" + std::to_string(n) + "," + std::to_string(k) + "]";
    std::string name = size;
    std::replace(name.begin(), name.end(), 'x', '_');
    add("matmul_" + name, "a: float" + a + ", b: float" + b, "MatMul(a, b)");
    add("transposed_" + name, "a: float" + a + ", b: float" + c, "Gemm(a, b) {transB=1, alpha=0.5}");
    add("half_" + name, "a: float16" + a + ", b: float16" + b, "MatMul(a, b)", 5e-3);
    add("brain_" + name, "a: bfloat16" + a + ", b: bfloat16" + c, "Gemm(a, b) {transB=1}", 4e-2);
    add("double_" + name, "a: double" + a + ", b: double" + b, "MatMul(a, b)", 1e-12);
  }
  // In whole vectors of 8 elements, and not; with k in parts.
  for (const char* type : {"float", "float16", "bfloat16"}) {
    const std::string of = type, name = std::string("_of_") + type;
    const double tolerance = of == "float" ? 2e-5 : of == "float16" ? 5e-3 : 4e-2;
    add("row_by_columns" + name, "a: " + of + "[1,264], b: " + of + "[264,200]", "MatMul(a, b)", tolerance);
    add("row_by_rows" + name, "a: " + of + "[1,1064], b: " + of + "[35,1064]", "Gemm(a, b) {transB=1}", tolerance);
    add("rows_by_columns" + name, "a: " + of + "[3,264], b: " + of + "[264,200], c: " + of + "[200]", "Gemm(a, b, c)",
        tolerance);
    add("rows_by_rows" + name, "a: " + of + "[4,1064], b: " + of + "[35,1064]", "Gemm(a, b) {transB=1}", tolerance);
    add("stack_of_rows" + name, "a: " + of + "[2,2,64], b: " + of + "[2,64,40]", "MatMul(a, b)", tolerance);
    add("parts_of_k" + name, "a: " + of + "[40,1100], b: " + of + "[1100,70]", "MatMul(a, b)", tolerance);
    add("stack" + name, "a: " + of + "[3,19,24], b: " + of + "[3,24,40]", "MatMul(a, b)", tolerance);
    add("odd_stack" + name, "a: " + of + "[3,19,23], b: " + of + "[3,23,5]", "MatMul(a, b)", tolerance);
    add("epilogue" + name, "x: " + of + "[2,9,16], w: " + of + "[16,72], b: " + of + "[72], r: " + of + "[2,9,72]",
        "mica.Linear(x, w, b, r) {activation=\"gelu\"}", tolerance);
  }
  add("half_by_warpgroups", "a: float16[1000,136], b: float16[136,968]", "MatMul(a, b)", 5e-3);
  add("brain_by_warpgroups", "a: bfloat16[70,9,200], b: bfloat16[70,104,200]",
      "com.microsoft.FusedMatMul(a, b) {transB=1}", 4e-2);
  add("enough_for_large_tiles", "a: float[1300,40], b: float[40,1300]", "MatMul(a, b)");
  add("no_depth", "a: float[3,0], b: float[0,4]", "MatMul(a, b)");
  add("stacks", "a: float[2,3,9,5], b: float[2,3,5,7]", "MatMul(a, b)");
  add("broadcast_stacks", "a: float[2,1,9,5], b: float[3,5,7]", "MatMul(a, b)");
  add("stack_by_matrix", "a: float[2,3,9,5], b: float[5,7]", "MatMul(a, b)");
  add("vector_left", "a: float[5], b: float[3,5,7]", "MatMul(a, b)");
  add("vector_right", "a: float[3,7,5], b: float[5]", "MatMul(a, b)");
  add("attention_scores", "a: float[2,4,19,8], b: float[2,4,23,8]",
      "com.microsoft.FusedMatMul(a, b) {transB=1, alpha=0.125}");
  add("transposed_left", "a: float[2,5,19], b: float[2,5,7]", "com.microsoft.FusedMatMul(a, b) {transA=1}");
  add("transposed_batch", "a: float[4,2,6], b: float[2,6,5]", "com.microsoft.FusedMatMul(a, b) {transBatchA=1}");
  add("gemm_row", "a: float[9,6], b: float[6,5], c: float[5]", "Gemm(a, b, c) {beta=0.5}");
  add("gemm_column", "a: float[6,9], b: float[6,5], c: float[9,1]", "Gemm(a, b, c) {transA=1, alpha=2.0}");
  add("gemm_scalar", "a: float[9,6], b: float[6,5], c: float[]", "Gemm(a, b, c)");
  for (const char* f : {"relu", "gelu", "gelu_tanh", "silu", "tanh", "sigmoid", "hard_swish", ""}) {
    const std::string activation = f;
    add("linear_" + (activation.empty() ? "none" : activation),
        "x: float[2,9,6], w: float[6,70], b: float[70], r: float[2,9,70]",
        "mica.Linear(x, w, b, r) {activation=\"" + activation + "\"}");
  }
  add("linear_clip", "x: float[9,6], w: float[6,70]", "mica.Linear(x, w) {activation=\"clip\", low=-0.5, high=1.5}");
  add("linear_of_one_row", "x: float[1,1,64], w: float[90,64], b: float[90], r: float[1,1,90]",
      "mica.Linear(x, w, b, r) {transB=1, activation=\"silu\"}");
  add("linear_without_bias", "x: float[2,9,6], w: float[6,7], r: float[2,9,7]", "mica.Linear(x, w, _, r)");
  return cases;
}

class Products : public testing::TestWithParam<DeviceCase> {};
TEST_P(Products, AgreeWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, Products, testing::ValuesIn(all_products()), name_of_case);

}  // namespace
}  // namespace mica
