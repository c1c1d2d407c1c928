// DynamicQuantizeLSTM gives what LSTM gives with the weights as floats.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/infer_op.h"

namespace mica {
namespace {

constexpr int64_t kSteps = 3, kBatch = 2, kInputs = 5, kHidden = 4, kColumns = 4 * kHidden;

struct Quantized {
  Tensor bytes, scale, zero, floats;  // floats: transposed, as LSTM wants them
};

Quantized quantized(int64_t directions, int64_t rows, bool per_column) {
  Quantized q{Tensor(DType::I8, {directions, rows, kColumns}), Tensor(DType::F32, {directions}),
              Tensor(DType::I8, {directions}), Tensor(DType::F32, {directions, kColumns, rows})};
  if (per_column) {
    q.scale = Tensor(DType::F32, {directions, kColumns});
    q.zero = Tensor(DType::I8, {directions, kColumns});
  }
  for (int64_t i = 0; i < q.scale.elements(); ++i) {
    q.scale.mutable_data<float>()[i] = 0.01f + 0.001f * static_cast<float>(i);
    q.zero.mutable_data<int8_t>()[i] = static_cast<int8_t>(i - 3);
  }
  for (int64_t i = 0; i < q.bytes.elements(); ++i) {
    const int64_t d = i / (rows * kColumns), row = i / kColumns % rows, column = i % kColumns;
    const int64_t p = per_column ? d * kColumns + column : d;
    const int8_t byte = static_cast<int8_t>(i * 37 % 256 - 128);
    q.bytes.mutable_data<int8_t>()[i] = byte;
    q.floats.mutable_data<float>()[(d * kColumns + column) * rows + row] =
        static_cast<float>(byte - q.zero.data<int8_t>()[p]) * q.scale.data<float>()[p];
  }
  return q;
}

Tensor waves(const Shape& shape) {
  Tensor tensor(DType::F32, shape);
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    tensor.mutable_data<float>()[i] = static_cast<float>(std::sin(static_cast<double>(i) * 0.7));
  }
  return tensor;
}

TEST(DynamicQuantizeLstm, SameAsLstmWithFloatWeights) {
  for (const bool per_column : {false, true}) {
    const std::string direction = per_column ? "bidirectional" : "reverse";
    const int64_t directions = per_column ? 2 : 1;
    const Quantized w = quantized(directions, kInputs, per_column);
    const Quantized r = quantized(directions, kHidden, per_column);
    const Attributes attributes = {{"direction", direction}, {"hidden_size", kHidden}};
    std::vector<Tensor> inputs = {waves({kSteps, kBatch, kInputs}),
                                  w.floats,
                                  r.floats,
                                  waves({directions, 2 * kColumns}),
                                  Tensor::of<int32_t>({kBatch}, {3, 2}),
                                  waves({directions, kBatch, kHidden}),
                                  {},
                                  waves({directions, 3 * kHidden})};
    const auto expected = run_op({"LSTM", 14, attributes, 3}, inputs);
    inputs[1] = w.bytes;
    inputs[2] = r.bytes;
    inputs.insert(inputs.end(), {w.scale, w.zero, r.scale, r.zero});
    const auto got = run_op({"DynamicQuantizeLSTM", 1, attributes, 3, "com.microsoft"}, inputs);
    for (size_t i = 0; i < 3; ++i) {
      ASSERT_EQ(got[i].tensor.shape(), expected[i].tensor.shape());
      for (int64_t j = 0; j < expected[i].tensor.elements(); ++j) {
        EXPECT_EQ(got[i].tensor.data<float>()[j], expected[i].tensor.data<float>()[j]) << i << " at " << j;
      }
    }
  }
}

TEST(DynamicQuantizeLstm, RefusesScalesThatDoNotFit) {
  const Quantized w = quantized(1, kInputs, false);
  const Quantized r = quantized(1, kHidden, false);
  const Tensor two = Tensor::of<float>({2}, {1, 1});
  EXPECT_THROW(
      run_op({"DynamicQuantizeLSTM", 1, {{"hidden_size", kHidden}}, 3, "com.microsoft"},
             {waves({kSteps, kBatch, kInputs}), w.bytes, r.bytes, {}, {}, {}, {}, {}, two, w.zero, r.scale, r.zero}),
      Error);
}

}  // namespace
}  // namespace mica
