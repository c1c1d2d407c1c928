// Which kernel multiplies what, on which device.
#include "kernels/matmul/product_choice.h"

#include <gtest/gtest.h>

#include "kernels/conv/conv_mma_cuda.h"
#include "kernels/quant/int8_product_cuda.h"

namespace mica::cuda {
namespace {

struct ChoiceCase {
  const char* name;
  int64_t m, n, k;
  ProductOperands operands;
  int capability;
  const char* explanation;
  int64_t padding = 0;  ///< of rows, in elements
  bool mixed = false;   ///< results are floats
};

GemmCall call_of(const ChoiceCase& of) {
  GemmCall call{};
  call.number = of.mixed ? Number::F32 : of.operands.number;
  call.m = of.m, call.n = of.n, call.k = of.k;
  call.a = {nullptr, of.k + of.padding, 1};
  call.b = {nullptr, of.n + of.padding, 1};
  call.c_row = of.n;
  return call;
}

constexpr const char* kManyRows = "; not gemv: more than 4 rows, or a small matrix";

std::vector<ChoiceCase> all_cases() {
  constexpr ProductOperands kHalf{Number::F16}, kBrain{Number::BF16}, kFloat{Number::F32}, kTf32{Number::F32, true};
  return {
      {"token", 1, 768, 768, kFloat, 90, "gemv"},
      {"token_in_brain", 1, 768, 768, kBrain, 90, "gemv", 0, true},
      {"token_of_odd_rows", 1, 765, 768, kBrain, 80,
       "mma 64x64, k in 3 parts; not gemv: the matrix does not lie in vectors; not wgmma: is for compute capability "
       "9.0",
       0, true},
      {"large", 4096, 4096, 4096, kHalf, 90, "wgmma 128x256"},
      {"large_on_ampere", 4096, 4096, 4096, kHalf, 80, "mma 128x128; not wgmma: is for compute capability 9.0"},
      {"brain_on_turing", 4096, 4096, 4096, kBrain, 75,
       "simt 64x64; not wgmma: is for compute capability 9.0; not mma: no tensor cores for the type"},
      {"half_on_turing", 256, 512, 512, kHalf, 75, "mma 64x64, k in 2 parts; not wgmma: is for compute capability 9.0"},
      {"few_tiles", 128, 768, 3072, kBrain, 90, "mma 64x64, k in 5 parts; not wgmma: too few tiles, or a short k"},
      {"unaligned", 4096, 4096, 4096, kHalf, 90, "mma 128x128; not wgmma: the copy engine cannot address the operands",
       1},
      {"float", 4096, 4096, 4096, kFloat, 90,
       "simt 128x128; not wgmma: is for 16-bit floats; not mma: no tensor cores for the type"},
      {"tf32", 4096, 4096, 4096, kTf32, 90, "mma 128x128; not wgmma: is for 16-bit floats"},
      {"tf32_on_turing", 100, 100, 100, kTf32, 75,
       "simt 32x32; not wgmma: is for 16-bit floats; not mma: no tensor cores for the type"},
      {"double",
       100,
       100,
       100,
       {Number::F64},
       90,
       "simt 64x64; not wgmma: is for 16-bit floats; not mma: no tensor cores for the type"}};
}

class ProductChoice : public testing::TestWithParam<ChoiceCase> {};
TEST_P(ProductChoice, IsTheFirstThatTakesTheCall) {
  const ChoiceCase& of = GetParam();
  const GemmCall call = call_of(of);
  std::string expected = of.explanation;
  if (!is_gemv(of.m, of.n, of.k)) expected.insert(std::min(expected.find(';'), expected.size()), kManyRows);
  EXPECT_EQ(explain_product(call, of.operands, of.capability), expected);
}
INSTANTIATE_TEST_SUITE_P(, ProductChoice, testing::ValuesIn(all_cases()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ProductWays, BeginWhereTheyAreTold) {
  const GemmCall call = call_of({"", 1, 768, 768, {Number::F16}, 80, ""});
  EXPECT_EQ(explain_product(call, {Number::F16}, 80, ProductWay::Warpgroups),
            "mma 64x64, k in 3 parts; not wgmma: is for compute capability 9.0");
}

TEST(ConvolutionCut, IsOfLargeTilesWhereThereAreEnough) {
  const auto cut = [](int64_t pixels, int64_t filters, int64_t depth, int64_t groups = 1) {
    return str(conv_mma_cut(pixels, filters, depth, groups, kMmaDepth));
  };
  EXPECT_EQ(cut(32 * 56 * 56, 256, 576), "128x128");
  EXPECT_EQ(cut(32 * 56 * 56, 64, 576), "64x64");  // half of the larger tile would be empty
  EXPECT_EQ(cut(14 * 14, 256, 2304), "64x64, k in 8 parts");
  EXPECT_EQ(cut(14 * 14, 128, 1152, 2), "64x64");  // groups are not cut
  EXPECT_EQ(cut(1, 16, 8), "64x64");
}

TEST(ByteProducts, LieAlongKInVectors) {
  Int8Call call{};
  call.m = 128, call.n = 768, call.k = 768;
  call.a = {nullptr, Number::U8, 768, 1, {}, {}};
  call.b = {nullptr, Number::I8, 1, 768, {}, {}};
  EXPECT_TRUE(is_int8_mma(call));
  EXPECT_EQ(str(int8_mma_cut(call.m, call.n, call.k, 1)), "64x64, k in 3 parts");
  EXPECT_EQ(str(int8_mma_cut(4096, 4096, 4096, 1)), "128x128");
  Int8Call across = call;
  across.b.row = 768, across.b.column = 1;
  EXPECT_FALSE(is_int8_mma(across));
  call.k = 760;
  EXPECT_FALSE(is_int8_mma(call));
}

}  // namespace
}  // namespace mica::cuda
