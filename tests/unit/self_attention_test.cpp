// SelfAttention of the engine's own domain gives what Attention does of the parts of its rows.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

Tensor waves(DType dtype, const Shape& shape, double frequency) {
  Tensor tensor(dtype, shape);
  visit_dtype<float, double, Half, BFloat16>(dtype, [&]<class T>() {
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      tensor.mutable_data<T>()[i] = static_cast<T>(static_cast<float>(std::sin(frequency * static_cast<double>(i))));
    }
  });
  return tensor;
}

TEST(SelfAttention, IsAttentionOfTheParts) {
  const int64_t batch = 2, rows = 9, width = 5;
  for (const DType dtype : {DType::F32, DType::F64, DType::F16, DType::BF16}) {
    for (const int64_t kv_heads : {4, 2, 1}) {
      const int64_t heads = 4, all = (heads + 2 * kv_heads) * width;
      const Tensor packed = waves(dtype, {batch, rows, all}, 0.37);
      const Tensor mask = kv_heads == 2 ? Tensor() : waves(dtype, {1, rows, rows}, 0.81);
      const Attributes attributes{{"q_num_heads", heads},
                                  {"kv_num_heads", kv_heads},
                                  {"scale", 0.5f},
                                  {"softcap", kv_heads == 1 ? 2.0f : 0.0f},
                                  {"is_causal", int64_t{kv_heads == 2}}};
      const Tensor sizes = Tensor::of<int64_t>({3}, {heads * width, kv_heads * width, kv_heads * width});
      const auto parts = run_op({"Split", 18, {{"axis", int64_t{2}}}, 3}, {packed, sizes});
      const auto wanted =
          run_op({"Attention", 23, attributes}, {parts[0].tensor, parts[1].tensor, parts[2].tensor, mask})[0].tensor;
      const auto got = run_op({"SelfAttention", 1, attributes, 1, "mica"}, {packed, mask})[0].tensor;
      ASSERT_EQ(got.shape(), wanted.shape());
      ASSERT_EQ(std::memcmp(got.raw(), wanted.raw(), wanted.bytes()), 0) << name(dtype) << " " << kv_heads;
    }
  }
}

TEST(SelfAttention, InfersDimsAndRefusesWhatDoesNotDivide) {
  const OpCall call{"SelfAttention", 1, {{"q_num_heads", int64_t{4}}, {"kv_num_heads", int64_t{2}}}, 1, "mica"};
  const Dim b = Dim::symbol("b"), s = Dim::symbol("s");
  EXPECT_EQ(*infer_op(call, {tensor_input(DType::F32, {b, s, 40})})[0].type.dims, (Dims{b, s, 20}));
  const Tensor odd(DType::F32, {1, 2, 41}), flat(DType::F32, {2, 40}), empty(DType::F32, {0, 2, 40});
  EXPECT_NE(message_of([&] { run_op(call, {odd}); }).find("does not divide"), std::string::npos);
  EXPECT_NE(message_of([&] { run_op(call, {flat}); }).find("rank 3"), std::string::npos);
  EXPECT_EQ(run_op(call, {empty})[0].tensor.elements(), 0);
}

}  // namespace
}  // namespace mica
