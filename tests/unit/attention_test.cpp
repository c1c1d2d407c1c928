// Attention and RotaryEmbedding of ai.onnx beyond what the ONNX backend tests cover. Expected values are of the
// formulas in float64, by numpy.
#include "tests/unit/attention_values.h"

namespace mica {
namespace {

const double kInfinity = std::numeric_limits<double>::infinity();
const Tensor kAbsent;
const Tensor kQ = pattern({1, 1, 2, 4}, 1), kK = pattern({1, 1, 4, 4}, 2), kV = pattern({1, 1, 4, 2}, 5);

template <class T>
std::vector<Datum> single_queries() {
  return run_op({"Attention"}, {pattern<T>({1, 4, 1, 4}, 1), pattern<T>({1, 2, 3, 4}, 2), pattern<T>({1, 2, 3, 2}, 5)});
}

TEST(Attention, TakesEveryFloatTypeAndSharesKeys) {
  const std::vector<double> expected{-0.465687, -0.326003, -0.207012, -0.203194,
                                     0.23087,   0.0146796, 0.239409,  0.501546};
  expect_near(single_queries<float>()[0], expected);
  expect_near(single_queries<double>()[0], expected);
  expect_near(single_queries<Half>()[0], expected, 3e-4);
  expect_near(single_queries<BFloat16>()[0], expected, 3e-3);
}

TEST(Attention, GivesZerosWhereAllIsHidden) {
  const Tensor mask = Tensor::of<bool>({2, 3}, {true, false, true, false, false, false});
  const auto y = run_op({"Attention"}, {kQ, pattern({1, 1, 3, 4}, 2), pattern({1, 1, 3, 2}, 5), mask});
  expect_near(y[0], {-0.556912, -0.331706, 0, 0});
  const auto none = run_op({"Attention"}, {kQ, Tensor(DType::F32, {1, 1, 0, 4}), Tensor(DType::F32, {1, 1, 0, 2})});
  expect_near(none[0], {0, 0, 0, 0});
}

TEST(Attention, CountsPositionsFromTheEndOfValidKeys) {
  const Tensor valid = Tensor::of<int64_t>({1}, {3});
  const auto y = run_op({"Attention", 24, {{"is_causal", int64_t{1}}}}, {kQ, kK, kV, kAbsent, kAbsent, kAbsent, valid});
  expect_near(y[0], {0.0894022, -0.910598, -0.207012, -0.203194});
}

TEST(Attention, HidesOrBroadcastsByVersion) {
  const Tensor mask = Tensor::of<float>({2, 1}, {0.5f, -1});
  expect_near(run_op({"Attention", 24}, {kQ, kK, kV, mask})[0], {0, -1, 0, -1});
  expect_near(run_op({"Attention", 23}, {kQ, kK, kV, mask})[0], {-0.46751, -0.242304, -0.290857, 0.212672});
}

TEST(Attention, KeepsScoresOfEveryStage) {
  const auto none = static_cast<float>(-kInfinity);
  const Tensor mask = Tensor::of<float>({2, 4}, {0, none, 0, 0.25f, 0, 0, 0.5f, none});
  const auto scores = [&](int64_t mode) {
    const Attributes attributes{{"softcap", 0.5f}, {"qk_matmul_output_mode", mode}};
    return run_op({"Attention", 24, attributes, 4}, {kQ, kK, kV, mask})[3];
  };
  expect_near(scores(0), {1.375, -0.625, 1.15625, -0.84375, -0.5625, -0.46875, -0.375, -0.28125});
  expect_near(scores(1), {0.49593, -0.424142, 0.490292, -0.466914, -0.404651, -0.367036, -0.317574, -0.254915});
  expect_near(scores(2), {0.49593, -kInfinity, 0.490292, -0.216914, -0.404651, -0.367036, 0.182426, -kInfinity});
  expect_near(scores(3), {0.402475, 0, 0.400212, 0.197313, 0.260617, 0.270606, 0.468777, 0});
}

// Doubles are computed by plain loops.
TEST(Attention, GivesTheSameInBlocks) {
  const auto run = [](const Attributes& attributes, const std::vector<Tensor>& inputs) {
    return run_op({"GroupQueryAttention", 1, attributes, 1, "com.microsoft"}, inputs)[0];
  };
  const auto inputs = []<class T>(T) {
    return std::vector<Tensor>{pattern<T>({2, 300, 4 * 24}, 1),
                               pattern<T>({2, 300, 2 * 24}, 2),
                               pattern<T>({2, 300, 2 * 24}, 3),
                               kAbsent,
                               kAbsent,
                               Tensor::of<int32_t>({2}, {299, 170}),
                               Tensor::of<int32_t>(Shape{}, {300}),
                               kAbsent,
                               kAbsent,
                               kAbsent,
                               pattern<T>({1, 4, 300, 300}, 4)};
  };
  Attributes attributes{{"num_heads", int64_t{4}}, {"kv_num_heads", int64_t{2}}};
  for (const int64_t causal : {0, 1}) {
    for (const int64_t window : {-1, 70}) {
      attributes["causal"] = causal;
      attributes["local_window_size"] = window;
      expect_near(run(attributes, inputs(0.0f)), numbers(run(attributes, inputs(0.0)).tensor), 4e-6);
    }
  }
}

TEST(Attention, InfersAsExpressions) {
  const Dim batch = Dim::symbol("batch"), seq = Dim::symbol("seq"), past = Dim::symbol("past");
  const KnownInput q = tensor_input(DType::F16, {batch, seq, 96}), kv = tensor_input(DType::F16, {batch, seq, 48});
  const KnownInput cache = tensor_input(DType::F16, {batch, 2, past, 24});
  const OpCall call{"Attention", 24, {{"q_num_heads", int64_t{4}}, {"kv_num_heads", int64_t{2}}}, 4};
  const auto y = infer_op(call, {q, kv, kv, tensor_input(DType::Bool, {seq, past + seq}), cache, cache});
  EXPECT_EQ(y[0].type.str(), "float16[batch,seq,96]");
  EXPECT_EQ(y[1].type, ValueType::tensor(DType::F16, Dims{batch, 2, past + seq, 24}));
  EXPECT_EQ(y[3].type, ValueType::tensor(DType::F16, Dims{batch, 4, seq, past + seq}));
}

TEST(Attention, RefusesWhatDoesNotFit) {
  EXPECT_EQ(message_of([] {
              run_op({"Attention"}, {kQ, kK, kV, kAbsent, kAbsent, kAbsent, Tensor::of<int64_t>({1}, {5})});
            }),
            "Attention: nonpad_kv_seqlen has 5, there are 4 keys");
  EXPECT_EQ(message_of([] {
              run_op({"Attention"}, {kQ, kK, kV, Tensor(DType::F32, {3, 4})});
            }),
            "Attention: the mask float[3,4] does not fit scores [1,1,2,4]");
  EXPECT_EQ(message_of([] {
              run_op({"Attention"}, {pattern({1, 3, 2, 4}, 1), pattern({1, 2, 4, 4}, 2), pattern({1, 2, 4, 2}, 5)});
            }),
            "Attention: query float[1,3,2,4], key float[1,2,4,4] and value float[1,2,4,2] do not fit");
}

TEST(RotaryEmbedding, ChecksPositions) {
  const Tensor x = pattern({1, 2, 2, 4}, 1), table = pattern({4, 2}, 2);
  EXPECT_EQ(message_of([&] {
              run_op({"RotaryEmbedding"}, {x, table, table, Tensor::of<int64_t>({1, 2}, {0, 4})});
            }),
            "RotaryEmbedding: position 4 is beyond the 4 rows of the cosines and sines");
  EXPECT_EQ(message_of([&] {
              run_op({"RotaryEmbedding"}, {x, table, table});
            }),
            "RotaryEmbedding: cosines float[4,2] must have a row for each position of X float[1,2,2,4]");
}

}  // namespace
}  // namespace mica
