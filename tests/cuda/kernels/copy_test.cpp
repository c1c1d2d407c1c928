// Operators that move elements: exactly.
#include <gtest/gtest.h>

#include "tests/cuda/kernels/device_case.h"

namespace mica {
namespace {

std::vector<DeviceCase> all_cases() {
  std::vector<DeviceCase> cases;
  const auto add = [&](const std::string& name, const std::string& inputs, const std::string& body,
                       const std::string& outputs = "y") {
    cases.push_back({name, "graph g(" + inputs + ") -> (" + outputs + ") { " + body + " }", 0, 0});
  };
  for (const char* type : {"float", "float16", "double", "int8", "complex128"}) {
    const std::string t = type;
    add("transpose_matrix_" + t, "x: " + t + "[37,41]", "y = Transpose(x)");
    add("transpose_heads_" + t, "x: " + t + "[2,13,4,9]", "y = Transpose(x) {perm=[0,2,1,3]}");
    add("transpose_keys_" + t, "x: " + t + "[2,13,4,9]", "y = Transpose(x) {perm=[0,2,3,1]}");
    add("transpose_channels_" + t, "x: " + t + "[2,33,5,8]", "y = Transpose(x) {perm=[0,2,3,1]}");
    add("slice_" + t, "x: " + t + "[9,11]",
        "y = Slice(x, int64[2] [7,1], int64[2] [0,10], int64[2] [0,1], int64[2] [-2,3])");
    add("concat_" + t, "a: " + t + "[2,3,5], b: " + t + "[2,0,5], c: " + t + "[2,4,5]", "y = Concat(a, b, c) {axis=1}");
    add("split_" + t, "x: " + t + "[3,10]", "a, b = Split(x, int64[2] [4,6]) {axis=1}", "a, b");
    add("expand_" + t, "x: " + t + "[3,1,5]", "y = Expand(x, int64[4] [2,3,4,5])");
    add("tile_" + t, "x: " + t + "[3,2]", "y = Tile(x, int64[2] [2,3])");
    add("trilu_" + t, "x: " + t + "[2,5,7]", "a = Trilu(x)  b = Trilu(x, int64[] -2) {upper=0}", "a, b");
  }
  add("ranges", "a: float[1], b: float16[], c: double[], d: int64[], e: int16[]",
      "p = Range(float[] 1.5, float[] 9.0, float[] 0.25)  v = Range(float16[] 1.0, float16[] 5.0, float16[] 0.5)  "
      "w = Range(double[] 5.0, double[] -3.0, double[] -0.5)  s = Mul(p, a)  t = Mul(v, b)  u = Mul(w, c)",
      "s, t, u");
  for (const char* type : {"float", "float16", "double", "int8", "bool", "uint64"}) {
    const std::string t = type;
    for (const char* k : {"0", "2", "-1", "9", "-9"}) {
      add("diagonal_" + t + std::to_string(cases.size()), "x: " + t + "[4,6]",
          std::string("y = EyeLike(x) {k=") + k + "}");
    }
  }
  add("constant", "x: float[130,70]", "n = Shape(x)  c = ConstantOfShape(n)  y = Sub(x, c)");
  add("diagonal_of_another_type", "x: int32[4,6]", "y = EyeLike(x) {dtype=10}");
  add("transpose_empty", "x: float[0,4]", "y = Transpose(x)");
  add("transpose_large", "x: float[3,130,70]", "y = Transpose(x) {perm=[2,0,1]}");
  add("concat_first_axis", "a: float[2,5], b: float[3,5]", "y = Concat(a, b) {axis=0}");
  add("split_three", "x: float[3,9,2]", "a, b, c = Split(x) {axis=1, num_outputs=3}", "a, b, c");
  add("expand_scalar", "x: float[]", "y = Expand(x, int64[2] [2,3])");
  add("trilu_beyond", "x: float[3,3]", "a = Trilu(x, int64[] 9)  b = Trilu(x, int64[] -9) {upper=0}", "a, b");
  add("depth_to_space", "x: float[2,8,3,5]", "y = DepthToSpace(x) {blocksize=2}");
  add("space_to_depth", "x: float[2,2,6,10]", "y = SpaceToDepth(x) {blocksize=2}");
  return cases;
}

class Copies : public testing::TestWithParam<DeviceCase> {};
TEST_P(Copies, AgreeWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, Copies, testing::ValuesIn(all_cases()), name_of_case);

std::vector<DeviceCase> all_gathers() {
  std::vector<DeviceCase> cases;
  const Tensor wide = Tensor::of<int64_t>({2, 3}, {0, -1, 4, 2, -5, 1});
  const Tensor narrow = Tensor::of<int32_t>({2, 3}, {0, -1, 4, 2, -5, 1});
  for (const char* type : {"float", "float16", "double", "int8", "complex128"}) {
    const std::string t = type;
    for (const char* axis : {"0", "1", "-1"}) {
      const std::string a = axis, name = a == "-1" ? "last" : a;
      const std::string shape = a == "0" ? "[5,3,4]" : a == "1" ? "[3,5,16]" : "[3,4,5]";
      cases.push_back({"gather_" + t + "_" + name,
                       "graph g(x: " + t + shape +
                           ", i: int64[2,3], j: int32[2,3]) -> (y, z) { y = Gather(x, i) {axis=" + a +
                           "}  z = Gather(x, j) {axis=" + a + "} }",
                       0,
                       0,
                       {{"i", wide}, {"j", narrow}}});
    }
  }
  cases.push_back({"gather_one",
                   "graph g(x: float[5], i: int64[]) -> (y) { y = Gather(x, i) }",
                   0,
                   0,
                   {{"i", Tensor::scalar<int64_t>(3)}}});
  return cases;
}

class Gathers : public testing::TestWithParam<DeviceCase> {};
TEST_P(Gathers, AgreeWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, Gathers, testing::ValuesIn(all_gathers()), name_of_case);

}  // namespace
}  // namespace mica
