// Attention operators of com.microsoft. Expected values are those of ONNX Runtime 1.32 on the CPU or, where it has no
// kernel for a form, of numpy.
#include "tests/unit/attention_values.h"

namespace mica {
namespace {

const Tensor kAbsent;

Tensor ints(const Shape& shape, std::initializer_list<int32_t> values) {
  return Tensor::of<int32_t>(shape, values);
}

OpCall microsoft(const std::string& name, Attributes attributes, size_t outputs = 1) {
  return {name, 1, std::move(attributes), outputs, "com.microsoft"};
}

const Attributes kTwoHeads{{"num_heads", int64_t{2}}};

// [batch, rows, heads, parts, width] of `parts` tensors [batch, rows, heads * width].
Tensor interleave(const std::vector<Tensor>& parts, int64_t heads) {
  const Shape& shape = parts[0].shape();
  const int64_t width = shape[2] / heads, count = static_cast<int64_t>(parts.size());
  Tensor packed(DType::F32, {shape[0], shape[1], heads, count, width});
  float* to = packed.mutable_data<float>();
  for (int64_t row = 0; row < shape[0] * shape[1] * heads; ++row) {
    for (const Tensor& part : parts) to = std::copy_n(part.data<float>() + row * width, width, to);
  }
  return packed;
}

TEST(MultiHeadAttention, AddsBiasesAndHidesPadding) {
  const auto y =
      run_op(microsoft("MultiHeadAttention", kTwoHeads),
             {pattern({1, 2, 4}, 1), pattern({1, 3, 4}, 2), pattern({1, 3, 4}, 3), pattern({12}, 4), ints({1}, {2})});
  expect_near(y[0], {-0.0614395, -0.115467, 0.860825, -0.83299, 0.789398, -0.824498, 0.824498, -0.789398});
}

TEST(MultiHeadAttention, ReadsPackedInputsInPlace) {
  const Tensor q = pattern({2, 3, 4}, 1), k = pattern({2, 3, 4}, 2), v = pattern({2, 3, 4}, 3), bias = pattern({12}, 4);
  const auto run = [&](const std::vector<Tensor>& inputs) {
    return run_op(microsoft("MultiHeadAttention", kTwoHeads, 3), inputs);
  };
  const auto separate = run({q, k, v, bias});
  const auto packed = run({interleave({q, k, v}, 2), kAbsent, kAbsent, bias});
  for (size_t i = 0; i < 3; ++i) expect_near(packed[i], numbers(separate[i].tensor), 0);
  expect_near(run({q, interleave({k, v}, 2)})[0], numbers(run({q, k, v})[0].tensor), 0);
}

TEST(MultiHeadAttention, KnowsTheRowsOfASharedBuffer) {
  const Dim batch = Dim::symbol("batch");
  const KnownInput x = tensor_input(DType::F32, {batch, 1, 8});
  const KnownInput cache = tensor_input(DType::F32, {batch, 2, 16, 4});
  KnownInput none{}, length = tensor_input(DType::I32, {1});
  const auto y =
      infer_op(microsoft("MultiHeadAttention", kTwoHeads, 3), {x, x, x, x, none, none, cache, cache, length});
  EXPECT_EQ(y[1].type, ValueType::tensor(DType::F32, Dims{batch, 2, 16, 4}));
  EXPECT_EQ(message_of([] {
              const Tensor row = pattern({1, 1, 4}, 1), past = pattern({1, 2, 3, 2}, 2);
              run_op(microsoft("MultiHeadAttention", kTwoHeads),
                     {row, row, row, kAbsent, kAbsent, kAbsent, past, past, ints({1}, {3})});
            }),
            "com.microsoft.MultiHeadAttention: past_sequence_length 3 leaves no room in the buffer [1,2,3,2]");
}

TEST(DecoderMaskedMultiHeadAttention, ChecksBeams) {
  const Tensor row = pattern({2, 1, 4}, 1), past = pattern({2, 2, 3, 2}, 2);
  const Attributes attributes{{"num_heads", int64_t{2}}, {"past_present_share_buffer", int64_t{1}}};
  EXPECT_EQ(message_of([&] {
              run_op(microsoft("DecoderMaskedMultiHeadAttention", attributes, 3),
                     {row, row, row, kAbsent, kAbsent, past, past, ints({1}, {1}), ints({1}, {2}),
                      ints({1, 2, 3}, {0, 0, 0, 2, 0, 0})});
            }),
            "com.microsoft.DecoderMaskedMultiHeadAttention: cache_indirection has beam 2 of 2");
}

TEST(GroupQueryAttention, AppendsToEachSequence) {
  const Attributes attributes{{"num_heads", int64_t{2}},
                              {"kv_num_heads", int64_t{1}},
                              {"local_window_size", int64_t{2}},
                              {"do_rotary", int64_t{1}}};
  const auto y = run_op(microsoft("GroupQueryAttention", attributes, 3),
                        {pattern({2, 1, 32}, 1), pattern({2, 1, 16}, 2), pattern({2, 1, 16}, 3),
                         pattern({2, 1, 4, 16}, 4), pattern({2, 1, 4, 16}, 6), ints({2}, {2, 1}), ints({}, {3}),
                         pattern({8, 8}, 7), pattern({8, 8}, 9), kAbsent, kAbsent, Tensor::of<float>({2}, {0.5f, -1})});
  const auto values = numbers(y[0].tensor), keys = numbers(y[1].tensor), cached = numbers(y[2].tensor);
  const double first[] = {-0.251899, -0.31003, -0.121082, -0.203554};  // element 0 of each sequence and head
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(values[i * 16], first[i], 2e-6);
  const double k[] = {-0.25, 0.25, -1.375, 0, -1, -0.1875, 0, 0}, v[] = {0.25, 0.75, -0.5, 0, -0.5, 0, 0, 0};
  for (size_t i = 0; i < 8; ++i) {  // element 0 of each row
    EXPECT_NEAR(keys[i * 16], k[i], 2e-6);
    EXPECT_NEAR(cached[i * 16], v[i], 2e-6);
  }
}

TEST(GroupQueryAttention, TakesPaddedChunks) {
  const Attributes attributes{{"num_heads", int64_t{1}}, {"kv_num_heads", int64_t{1}}};
  std::vector<Tensor> inputs{
      pattern({2, 2, 8}, 1),    pattern({2, 2, 8}, 2), pattern({2, 2, 8}, 3), pattern({2, 1, 4, 8}, 4),
      pattern({2, 1, 4, 8}, 6), ints({2}, {2, 3}),     ints({}, {4})};
  inputs.resize(16);
  inputs.push_back(ints({2}, {1, 2}));
  const auto y = run_op(microsoft("GroupQueryAttention", attributes, 3), inputs);
  const auto values = numbers(y[0].tensor), keys = numbers(y[1].tensor);
  EXPECT_NEAR(values[0], -0.141371, 2e-6);
  EXPECT_NEAR(values[16], -0.0164998, 2e-6);
  EXPECT_NEAR(values[24], 0.0656604, 2e-6);
  const double k[] = {-0.25, 0, -0.75, 0, 0.75, 1, -0.25, 0};
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(keys[i * 8], k[i]);
  inputs[5] = ints({2}, {2, 4});
  EXPECT_EQ(message_of([&] { run_op(microsoft("GroupQueryAttention", attributes, 3), inputs); }),
            "com.microsoft.GroupQueryAttention: sequence 1 with 5 keys, 2 of them new, does not fit a "
            "total_sequence_length of 4 and "
            "a cache of 4");
}

TEST(GroupQueryAttention, NormalizesQueriesAndKeys) {
  const Attributes attributes{{"num_heads", int64_t{1}}, {"kv_num_heads", int64_t{1}}};
  std::vector<Tensor> inputs{pattern({1, 2, 4}, 1), pattern({1, 2, 4}, 2), pattern({1, 2, 4}, 3)};
  inputs.resize(16);
  inputs[5] = ints({1}, {1});
  inputs[6] = ints({1}, {2});
  inputs[14] = pattern({4}, 4);
  inputs[15] = pattern({4}, 6);
  expect_near(run_op(microsoft("GroupQueryAttention", attributes), inputs)[0],
              {-0.5, 1.25, 0.25, -0.75, 0.166908, 0.694243, -0.305757, -0.0830921});
}

TEST(GroupQueryAttention, InfersTheCapacityOfTheCache) {
  const Dim past = Dim::symbol("past"), total = Dim::symbol("total");
  const Attributes attributes{{"num_heads", int64_t{4}}, {"kv_num_heads", int64_t{2}}};
  const KnownInput x = tensor_input(DType::F16, {1, 1, 128}), none{};
  const KnownInput cache = tensor_input(DType::F16, {1, 2, past, 16});
  const KnownInput length{ValueType::tensor(DType::I32, Dims{}), Dims{total}};
  const auto y = infer_op(microsoft("GroupQueryAttention", attributes, 3),
                          {x, none, none, cache, cache, tensor_input(DType::I32, {1}), length});
  EXPECT_EQ(y[0].type, ValueType::tensor(DType::F16, Dims{1, 1, 64}));
  EXPECT_EQ(y[1].type, ValueType::tensor(DType::F16, Dims{1, 2, max(past, total), 16}));
}

TEST(PackedAttention, ProjectsAndAppends) {
  const Attributes attributes{{"num_heads", int64_t{2}}, {"unidirectional", int64_t{1}}};
  const auto y =
      run_op(microsoft("Attention", attributes, 2), {pattern({1, 2, 3}, 1), pattern({3, 12}, 2), pattern({12}, 3),
                                                     ints({1, 4}, {0, 1, 1, 1}), pattern({2, 1, 2, 2, 2}, 5)});
  expect_near(y[0], {1.04825, -0.82031, -0.300272, -0.888039, 0.992207, -1.31152, -0.3332, -0.741445}, 5e-6);
  const auto present = numbers(y[1].tensor);
  const double head0[] = {0, -1, 0.75, -0.25, 0.375, -0.8125, 0.5625, -0.5625};  // keys
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(present[i], head0[i]);
}

TEST(MicrosoftRotaryEmbedding, CountsFromAPosition) {
  const auto y = run_op(microsoft("RotaryEmbedding", {}), {pattern({1, 2, 2, 4}, 1), Tensor::of<int64_t>({1}, {1}),
                                                           pattern({4, 2}, 2), pattern({4, 2}, 3)});
  expect_near(y[0], {0.0625, -1.6875, -0.25, 0.6875, -0.875, 0.125, 1.4375, -0.0625, 0, -1.75, -0.1875, 0.25, 1.8125,
                     0.0625, -0.1875, -0.125});
}

TEST(MicrosoftLinearAttention, HasMoreKeyHeadsAndAWindowOfStates) {
  const std::vector<Tensor> inputs{pattern({1, 3, 2}, 1), pattern({1, 3, 4}, 2), pattern({1, 3, 2}, 3), kAbsent,
                                   pattern({1, 3, 2}, 4), pattern({1, 3, 2}, 6)};
  Attributes attributes{{"q_num_heads", int64_t{1}}, {"kv_num_heads", int64_t{2}}};
  const std::vector<double> last{1.93909, -3.7501, 0.102674, 0.422104};
  const auto y = run_op(microsoft("LinearAttention", attributes, 2), inputs);
  expect_near(y[0], {-0.132583, 0.497184, 0.162132, -0.502596, 2.01143, -0.112936}, 5e-6);
  expect_near(y[1], last, 5e-6);
  attributes["state_window"] = int64_t{4};
  const auto states = numbers(run_op(microsoft("LinearAttention", attributes, 2), inputs)[1].tensor);
  ASSERT_EQ(states.size(), 16U);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(states[i], 0);  // there is no fourth position from the end
    EXPECT_NEAR(states[12 + i], last[i], 5e-5);
  }
}

TEST(EmbedLayerNormalization, SumsAndCounts) {
  const std::vector<Tensor> inputs{
      ints({1, 2}, {1, 0}), kAbsent,         pattern({2, 4}, 1),  pattern({2, 4}, 2), kAbsent,
      pattern({4}, 3),      pattern({4}, 4), ints({1, 2}, {1, 0})};
  const auto y = run_op(microsoft("EmbedLayerNormalization", {}, 3), inputs);
  expect_near(y[0], {0.0386751, -0.734509, 0.850534, 0.427884, -0.421499, 0.464986, 0.157003, -0.242752});
  EXPECT_EQ(y[1].tensor.as<int32_t>()[0], 1);
  expect_near(y[2], {-0.25, 0.5, 1.25, -0.75, -0.25, 0.5, -1.5, -0.75});
  auto wrong = inputs;
  wrong[0] = ints({1, 2}, {1, 2});
  EXPECT_EQ(message_of([&] { run_op(microsoft("EmbedLayerNormalization", {}, 3), wrong); }),
            "com.microsoft.EmbedLayerNormalization: id 2 is beyond the rows of float[2,4]");
}

TEST(RelativePositionBias, FindsTheBucketsOfT5) {
  const Tensor table = Tensor::of<float>({8, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  const auto row = [&](bool both_ways, int64_t query, int64_t keys) {
    const Attributes attributes{{"max_distance", int64_t{16}}, {"is_bidirectional", int64_t{both_ways ? 1 : 0}}};
    const auto y = run_op(microsoft("RelativePositionBias", attributes),
                          {table, Tensor::of<int64_t>({1}, {query + 1}), Tensor::of<int64_t>({1}, {keys})});
    const auto all = numbers(y[0].tensor);
    return std::vector<double>(all.end() - keys, all.end());
  };
  EXPECT_EQ(row(true, 5, 12), (std::vector<double>{2, 2, 2, 2, 1, 0, 5, 6, 6, 6, 6, 7}));
  EXPECT_EQ(row(false, 12, 14), (std::vector<double>{7, 6, 6, 6, 6, 5, 5, 4, 4, 3, 2, 1, 0, 0}));
}

}  // namespace
}  // namespace mica
