// Caches of keys and values that a session keeps and lengthens in place give what they give as inputs and outputs.
#include <gtest/gtest.h>

#include <map>

#include "tests/api/model_from_text.h"

namespace mica {
namespace {

Tensor pattern(const Shape& shape, int64_t seed) {
  Tensor tensor(DType::F32, shape);
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    tensor.mutable_data<float>()[i] = static_cast<float>((7 * i + seed) % 11 - 5) / 4;
  }
  return tensor;
}

std::string bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.raw()), tensor.bytes()};
}

// Runs steps of a few rows each. x is [2, rows, width], and mask, of which only the length matters, [past + rows];
// inputs cache_0 ... become outputs next_0 ...
void expect_same(std::string_view text, int64_t width, const std::vector<Tensor>& empty_caches) {
  const Model model = model_from_text(text);
  Session kept = model.compile(), given = model.compile();
  std::vector<Tensor> caches = empty_caches;
  std::vector<std::string> inputs, outputs;
  for (size_t i = 0; i < caches.size(); ++i) {
    inputs.push_back("cache_" + std::to_string(i));
    outputs.push_back("next_" + std::to_string(i));
  }
  for (size_t i = 0; i < caches.size(); ++i) kept.state(inputs[i], outputs[i]);
  int64_t past = 0;
  for (const int64_t rows : {3, 1, 2, 1}) {
    std::vector<NamedInput> values{{"x", pattern({2, rows, width}, past)}, {"mask", pattern({past + rows}, 0)}};
    const Outputs& in_place = kept.run(values);
    for (size_t i = 0; i < caches.size(); ++i) values.push_back({inputs[i], caches[i]});
    const Outputs& copied = given.run(values);
    EXPECT_EQ(bytes_of(in_place["y"]), bytes_of(copied["y"]));
    for (size_t i = 0; i < caches.size(); ++i) {
      EXPECT_FALSE(in_place[outputs[i]].defined());  // it was lengthened in place
      caches[i] = copied[outputs[i]].clone();
      EXPECT_EQ(kept.state_value(inputs[i]).str(), caches[i].str());
      EXPECT_EQ(bytes_of(kept.state_value(inputs[i])), bytes_of(caches[i]));
    }
    past += rows;
  }
}

TEST(AttentionState, OfAttention) {
  const Tensor empty(DType::F32, {2, 2, 0, 8});
  expect_same(R"(
    graph g(x: float[2,rows,16], mask: float[total], cache_0: float[2,2,past,8], cache_1: float[2,2,past,8])
        -> (y, next_0, next_1) {
      y, next_0, next_1 = Attention(x, x, x, _, cache_0, cache_1) {is_causal=1, q_num_heads=2, kv_num_heads=2}
    })",
              16, {empty, empty});
}

// Keys and values that a Concat lengthens are read where they stand.
TEST(AttentionState, OfConcat) {
  expect_same(R"(
    graph g(x: float[2,rows,16], mask: float[total], cache_0: float[2,2,past,8]) -> (y, next_0) {
      split = Reshape(x, int64[4] [0,0,2,8])
      heads = Transpose(split) {perm=[0,2,1,3]}
      next_0 = Concat(cache_0, heads) {axis=2}
      y = Attention(heads, next_0, next_0)
    })",
              16, {Tensor(DType::F32, {2, 2, 0, 8})});
}

TEST(AttentionState, OfGroupQueryAttention) {
  const Tensor empty(DType::F16, {2, 1, 0, 8});
  expect_same(R"(
    graph g(x: float[2,rows,32], mask: float[total], cache_0: float16[2,1,past,8], cache_1: float16[2,1,past,8])
        -> (y, next_0, next_1) opset 24, com.microsoft 1 {
      shape = Shape(mask)
      length = Cast(shape) {to=6}
      last = Sub(length, int32[] 1)
      lengths = Expand(last, int64[1] [2])
      packed = Cast(x) {to=10}
      y, next_0, next_1 = com.microsoft.GroupQueryAttention(packed, _, _, cache_0, cache_1, lengths, length)
          {num_heads=2, kv_num_heads=1}
    })",
              32, {empty, empty});
}

TEST(AttentionState, OfPackedAttention) {
  expect_same(R"(
    graph g(x: float[2,rows,8], mask: float[total], cache_0: float[2,2,2,past,2]) -> (y, next_0)
        opset 24, com.microsoft 1 {
      w: float[8,12] = 0.25
      y, next_0 = com.microsoft.Attention(x, w, _, _, cache_0) {num_heads=2, unidirectional=1}
    })",
              8, {Tensor(DType::F32, {2, 2, 2, 0, 2})});
}

}  // namespace
}  // namespace mica
