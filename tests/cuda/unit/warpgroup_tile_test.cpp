// Tiles for products by warpgroups: descriptors, and the order of the 128-byte swizzle.
#include "kernels/cuda/warpgroup_tile.h"

#include <gtest/gtest.h>

#include <set>

#include "kernels/matmul/gemm_wgmma_cuda.h"

namespace mica::cuda {
namespace {

TEST(WarpgroupTile, DescriptorsHaveTheFieldsOfThePtxIsa) {
  // Start address in bits 0 to 13, leading step 16 to 29, stride 32 to 45, all in 16 bytes; 1 in bits 62 and 63 is the
  // swizzle of 128 bytes.
  EXPECT_EQ(encode({0x12340, 8192, 1024}), 0x4000'0040'0200'1234u);
  const TileDescriptor decoded = decode(0x4000'0040'0200'1234u);
  EXPECT_EQ(decoded.address, 0x12340u);
  EXPECT_EQ(decoded.leading_step, 8192u);
  EXPECT_EQ(decoded.stride_step, 1024u);
}

TEST(WarpgroupTile, EightRowsOfAVectorLieInDifferentBanks) {
  for (uint32_t vector = 0; vector < 8; ++vector) {
    std::set<uint32_t> banks;
    for (uint32_t row = 0; row < 8; ++row) banks.insert(swizzled(row * kTileRow + vector * 16) % kTileRow / 16);
    EXPECT_EQ(banks.size(), 8u);
  }
}

TEST(WarpgroupTile, RowsThatTheEngineCannotAddressAreRefused) {
  GemmCall call{Number::F16, 4096, 4096, 4096, {nullptr, 4096, 1}, {nullptr, 4096, 1}, nullptr, 4096, {}};
  const WgmmaCut cut = wgmma_cut(call.m, call.n, call.k, 1);
  EXPECT_EQ(cut.columns, 256);
  EXPECT_TRUE(wgmma_operands(call, cut).possible);
  call.a.row = 4100;  // no multiple of 16 bytes
  EXPECT_FALSE(wgmma_operands(call, cut).possible);
  call.a = {nullptr, 1, 4096};  // neighbours across k
  EXPECT_FALSE(wgmma_operands(call, cut).possible);
  EXPECT_FALSE(wgmma_operands(call, wgmma_cut(64, 64, 4096, 1)).possible);  // too few tiles
}

}  // namespace
}  // namespace mica::cuda
