// QAttention gives what Attention gives with input and weights as floats.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/infer_op.h"

namespace mica {
namespace {

constexpr int64_t kBatch = 2, kRows = 3, kInputs = 6, kHeads = 2, kWidth = 4, kPast = 2, kPacked = 3 * kHeads * kWidth;

template <class T>
Tensor bytes(const Shape& shape, int64_t step) {
  Tensor tensor(dtype_of<T>, shape);
  for (int64_t i = 0; i < tensor.elements(); ++i) tensor.mutable_data<T>()[i] = static_cast<T>(i * step % 251);
  return tensor;
}

/// (x - zero) * scale, with a scale and zero point for each of the last dim's elements or one.
template <class T>
Tensor dequantized(const Tensor& x, const Tensor& scale, const Tensor& zero) {
  Tensor y(DType::F32, x.shape());
  for (int64_t i = 0; i < x.elements(); ++i) {
    const int64_t p = i % scale.elements();
    y.mutable_data<float>()[i] = static_cast<float>(x.data<T>()[i] - zero.data<T>()[p]) * scale.data<float>()[p];
  }
  return y;
}

Tensor waves(const Shape& shape) {
  Tensor tensor(DType::F32, shape);
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    tensor.mutable_data<float>()[i] = static_cast<float>(std::sin(static_cast<double>(i)));
  }
  return tensor;
}

TEST(QAttention, SameAsAttentionOfFloats) {
  const Tensor x = bytes<uint8_t>({kBatch, kRows, kInputs}, 37);
  const Tensor w = bytes<int8_t>({kInputs, kPacked}, 11);
  const Tensor x_scale = Tensor::scalar(0.01f);
  const Tensor x_zero = Tensor::scalar<uint8_t>(120);
  Tensor w_scale(DType::F32, {kPacked});
  const Tensor w_zero = bytes<int8_t>({kPacked}, 3);
  for (int64_t i = 0; i < kPacked; ++i) w_scale.mutable_data<float>()[i] = 0.002f * static_cast<float>(i + 1);
  const Tensor terms = waves({kPacked});
  const Tensor mask = Tensor::of<int32_t>({kBatch}, {kPast + kRows, kPast + 1});
  const Tensor past = waves({2, kBatch, kHeads, kPast, kWidth});
  const Attributes attributes = {{"num_heads", kHeads}, {"unidirectional", int64_t{1}}};
  const auto expected =
      run_op({"Attention", 1, attributes, 2, "com.microsoft"},
             {dequantized<uint8_t>(x, x_scale, x_zero), dequantized<int8_t>(w, w_scale, w_zero), terms, mask, past});
  const auto got = run_op({"QAttention", 1, attributes, 2, "com.microsoft"},
                          {x, w, terms, x_scale, w_scale, mask, x_zero, w_zero, past});
  for (size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(got[i].tensor.shape(), expected[i].tensor.shape());
    for (int64_t j = 0; j < expected[i].tensor.elements(); ++j) {
      EXPECT_NEAR(got[i].tensor.data<float>()[j], expected[i].tensor.data<float>()[j], 1e-4) << i << " at " << j;
    }
  }
}

TEST(QAttention, InfersSymbolicDims) {
  const Dim batch = Dim::symbol("batch");
  const Dim rows = Dim::symbol("rows");
  const KnownInput scalar = tensor_input(DType::F32, {});
  const auto y = infer_op({"QAttention", 1, {{"num_heads", int64_t{2}}}, 2, "com.microsoft"},
                          {tensor_input(DType::U8, {batch, rows, 6}), tensor_input(DType::I8, {6, 24}),
                           tensor_input(DType::F32, {24}), scalar, scalar});
  EXPECT_EQ(y[0].type, ValueType::tensor(DType::F32, Dims{batch, rows, 8}));
  EXPECT_EQ(y[1].type, ValueType::tensor(DType::F32, Dims{2, batch, 2, rows, 4}));
}

}  // namespace
}  // namespace mica
