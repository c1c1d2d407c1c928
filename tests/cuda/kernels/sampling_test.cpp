// GridSample and RoiAlign.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/api/model_from_text.h"
#include "tests/cuda/kernels/cases.h"

namespace mica {
namespace {

std::vector<DeviceCase> all_grids() {
  Cases cases;
  const Tensor odd = Tensor::of<float>({1, 1, 4, 2}, {NAN, 0, INFINITY, -INFINITY, 1e30f, -3.7f, 0.1f, 1});
  for (const char* mode : {"nearest", "linear", "cubic"}) {
    for (const char* padding : {"zeros", "border", "reflection"}) {
      for (const char* align : {"0", "1"}) {
        const std::string attributes =
            std::string(" {mode=\"") + mode + "\", padding_mode=\"" + padding + "\", align_corners=" + align + "}";
        const std::string name = std::string(mode) + "_" + padding + "_" + align;
        const auto add = [&](const std::string& kind, const std::string& inputs, double tolerance) {
          cases.add(name + "_" + kind, inputs, "h = Mul(g, s)  y = GridSample(x, h)" + attributes, tolerance);
        };
        // Places up to twice as far as the borders.
        add("float", "x: float[2,9,5,6], g: float[2,3,4,2], s: float[1]", 2e-5);
        add("half", "x: float16[2,3,5,6], g: float16[2,3,4,2], s: float16[1]", 8e-3);
        cases.add(name + "_odd", "x: float[1,2,3,4], g: float[1,1,4,2]", "y = GridSample(x, g)" + attributes, 2e-5, "y",
                  {{"g", odd}});
      }
    }
  }
  cases.add("line", "x: float[2,3,7], g: float[2,5,1]", "y = GridSample(x, g)", 2e-5);
  cases.add("volume", "x: float[1,2,3,4,5], g: float[1,2,3,4,3]", "y = GridSample(x, g)", 2e-5);
  cases.add("doubles", "x: double[1,2,3,4], g: double[1,3,4,2]", "y = GridSample(x, g)", 1e-12);
  cases.add("grid_of_doubles", "x: float[1,2,3,4], g: double[1,3,4,2]", "y = GridSample(x, g)", 2e-6);
  cases.add("nothing", "x: float[1,2,3,4], g: float[1,0,4,2]", "y = GridSample(x, g)");
  return cases.all();
}

std::vector<DeviceCase> all_regions() {
  Cases cases;
  const std::vector<NamedInput> given = {
      {"r", Tensor::of<float>({4, 4}, {0, 0, 9, 7, 1.5f, 2.25f, 6, 6.5f, 3, 3, 3, 3, -4, -2, 30, 20})},
      {"n", Tensor::of<int64_t>({4}, {0, 1, 1, 0})}};
  for (const char* mode : {"avg", "max"}) {
    for (const char* half : {"half_pixel", "output_half_pixel"}) {
      for (const char* ratio : {"0", "2"}) {
        cases.add(std::string(mode) + "_" + half + "_" + ratio, "x: float[2,3,8,10], r: float[4,4], n: int64[4]",
                  std::string("y = RoiAlign(x, r, n) {mode=\"") + mode + "\", coordinate_transformation_mode=\"" +
                      half + "\", sampling_ratio=" + ratio + ", output_height=3, output_width=2, spatial_scale=0.7}",
                  2e-5, "y", given);
      }
    }
  }
  cases.add("none", "x: float[2,3,8,10], r: float[0,4], n: int64[0]", "y = RoiAlign(x, r, n)");
  return cases.all();
}

class Sampling : public testing::TestWithParam<DeviceCase> {};
TEST_P(Sampling, AgreesWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Grids, Sampling, testing::ValuesIn(all_grids()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Regions, Sampling, testing::ValuesIn(all_regions()), name_of_case);

TEST(Sampling, RegionsThatMakeNoSenseAreRefused) {
  if (const std::string why = absence_of_device(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
  const Model model = model_from_text(
      "graph g(x: float[1,1,2,2], r: float[1,4], n: int64[1]) -> (y) opset 16 { y = RoiAlign(x, r, n) }", false);
  Session session = model.compile({.device = MICA_TEST_DEVICE});
  const float numbers[4] = {};
  const auto run = [&](int64_t image, float right) {
    session.run({{"x", Tensor::view<float>({1, 1, 2, 2}, numbers)},
                 {"r", Tensor::of<float>({1, 4}, {0, 0, right, 1})},
                 {"n", Tensor::of<int64_t>({1}, {image})}});
  };
  EXPECT_NO_THROW(run(0, 1));
  EXPECT_THROW(run(1, 1), Error);
  EXPECT_THROW(run(-1, 1), Error);
  EXPECT_THROW(run(0, NAN), Error);
  EXPECT_THROW(run(0, 1e30f), Error);
}

}  // namespace
}  // namespace mica
