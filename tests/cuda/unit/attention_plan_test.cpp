// How attention is cut up for a GPU, and what the copy engine is told of its operands.
#include <gtest/gtest.h>

#include "kernels/attention/warpgroup_attention_cuda.h"

namespace mica::cuda {
namespace {

AttentionCall call_of(int64_t batch, int64_t heads, int64_t rows, int64_t keys) {
  AttentionCall call{};
  call.number = Number::F16;
  call.batch = batch;
  call.heads = call.kv_heads = heads;
  call.rows = rows;
  call.keys = keys;
  call.width = call.v_width = 64;
  call.q_layout = {0, heads * rows * 64, rows * 64, 64};
  call.k_layout = call.v_layout = {0, heads * keys * 64, keys * 64, 64};
  return call;
}

TEST(AttentionPlan, FewBlocksOverManyKeysAreCutIntoPieces) {
  for (const int64_t rows : {5, 16, 64, 100}) {
    for (const int64_t keys : {600, 4096, 30000}) {
      const AttentionCall call = call_of(1, 12, rows, keys);
      const int64_t pieces = tensor_plan(call).pieces, blocks = 12 * ((rows + 63) / 64);
      EXPECT_GT(pieces, 1);
      EXPECT_GE(keys / pieces, 256);
      EXPECT_LE(pieces * blocks, 264);
    }
  }
  EXPECT_EQ(tensor_plan(call_of(1, 12, 16, 200)).pieces, 1);
  EXPECT_EQ(tensor_plan(call_of(32, 12, 16, 4096)).pieces, 1);
  EXPECT_EQ(tensor_plan(call_of(0, 12, 16, 4096)).pieces, 1);
}

TEST(AttentionPlan, RowsThatTheEngineCannotAddressAreRefused) {
  AttentionCall call = call_of(2, 3, 100, 200);
  const AttentionLayouts layouts = attention_layouts(call);
  EXPECT_TRUE(is_mappable(layouts.q));
  EXPECT_TRUE(is_mappable(layouts.k));
  EXPECT_EQ(layouts.k.rows, 200);
  EXPECT_EQ(layouts.k.stacks, 2);
  call.k_layout.row = 68;  // no multiple of 16 bytes
  EXPECT_FALSE(is_mappable(attention_layouts(call).k));
  call.k_layout.row = 64;
  call.k_layout.batch = 0;  // all batch entries share it
  EXPECT_FALSE(is_mappable(attention_layouts(call).k));
  call.keys = 0;
  EXPECT_FALSE(is_mappable(attention_layouts(call).v));
  AttentionCall one = call_of(1, 1, 100, 200);
  one.q_layout = {0, 0, 0, 64};  // of one entry and head, how far it is to the next does not matter
  EXPECT_TRUE(is_mappable(attention_layouts(one).q));
}

}  // namespace
}  // namespace mica::cuda
