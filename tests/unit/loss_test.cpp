// Losses, determinants and optimisers beyond what the ONNX backend tests cover. Expected values by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

const Tensor kLogs = Tensor::of<double>({2, 2, 2}, {-1, -2, -3, -4, -5, -6, -7, -8});

TEST(Loss, IgnoredTargetsHaveNoWeight) {
  const Tensor targets = Tensor::of<int32_t>({2, 2}, {0, 1, 9, 1});
  const Tensor weights = Tensor::of<double>({2}, {1, 3});
  const auto loss = [&](const char* reduction, const Tensor& weight) {
    return run_op({"NegativeLogLikelihoodLoss", 22, {{"reduction", reduction}, {"ignore_index", int64_t{9}}}},
                  {kLogs, targets, weight})[0]
        .tensor;
  };
  EXPECT_EQ(loss("mean", weights).as<double>()[0], (1 + 12 + 24) / 7.0);
  EXPECT_EQ(loss("mean", {}).as<double>()[0], 13 / 3.0);
  EXPECT_EQ(loss("sum", weights).as<double>()[0], 37);
  const Tensor each = loss("none", {});
  EXPECT_EQ(std::vector<double>(each.as<double>().begin(), each.as<double>().end()), (std::vector<double>{1, 4, 0, 8}));
}

TEST(Loss, ChecksTargetsAndDims) {
  EXPECT_EQ(message_of([] {
              run_op({"NegativeLogLikelihoodLoss", 22}, {kLogs, Tensor::of<int64_t>({2, 2}, {0, 1, 2, 1})});
            }),
            "NegativeLogLikelihoodLoss: target 2 is out of range [0, 2)");
  EXPECT_NE(message_of([] {
              run_op({"SoftmaxCrossEntropyLoss", 13}, {kLogs, Tensor::of<int64_t>({2, 3}, {0, 1, 0, 1, 0, 0})});
            }),
            "no error");
  EXPECT_NE(message_of([] {
              run_op({"SoftmaxCrossEntropyLoss", 13, {{"reduction", "most"}}},
                     {kLogs, Tensor::of<int64_t>({2, 2}, {0, 1, 0, 1})});
            }),
            "no error");
  const auto none = infer_op({"SoftmaxCrossEntropyLoss", 13, {{"reduction", "none"}}, 2},
                             {tensor_input(DType::F16, {Dim::symbol("n"), 5, 7}), tensor_input(DType::I64, {3, 7})});
  EXPECT_EQ(none[0].type.str(), "float16[3,7]");
  EXPECT_EQ(none[1].type.str(), "float16[n,5,7]");
}

// The loss is that of unrounded log-probabilities.
TEST(Loss, CrossEntropyOfNarrowScores) {
  std::vector<Half> scores(1000, Half(0.0f));
  const auto y = run_op({"SoftmaxCrossEntropyLoss", 13, {}, 2},
                        {Tensor::view<Half>({1, 1000}, scores), Tensor::of<int64_t>({1}, {999})});
  EXPECT_EQ(float{y[0].tensor.as<Half>()[0]}, float{Half(std::log(1000.0f))});
  EXPECT_EQ(float{y[1].tensor.as<Half>()[0]}, float{Half(-std::log(1000.0f))});
}

TEST(Det, OfBatchesOfNothingAndOfHalves) {
  const auto y = run_op({"Det", 22}, {Tensor::of<double>({2, 3, 3}, {0, 2, 0, 3, 0, 0, 0, 0, 5,  //
                                                                     1, 2, 3, 4, 5, 6, 5, 7, 9})});
  EXPECT_EQ(y[0].tensor.as<double>()[0], -30);
  EXPECT_NEAR(y[0].tensor.as<double>()[1], 0, 1e-14);
  EXPECT_EQ(run_op({"Det", 22}, {Tensor(DType::F32, {0, 0})})[0].tensor.as<float>()[0], 1);
  const auto half = run_op({"Det", 22}, {Tensor::of<Half>({2, 2}, {Half(1), Half(2), Half(3), Half(4)})});
  EXPECT_EQ(float{half[0].tensor.as<Half>()[0]}, -2);
  EXPECT_NE(message_of([] { run_op({"Det", 22}, {Tensor(DType::F32, {2, 3})}); }), "no error");
}

TEST(Optimizer, RefusesUnequalNumbersOfTensors) {
  const Tensor rate = Tensor::scalar(0.1f), count = Tensor::scalar(int64_t{0}), x = Tensor::of<float>({1}, {1});
  const OpCall call{"Adagrad", 1, {}, 2, "ai.onnx.preview.training"};
  EXPECT_NE(message_of([&] { run_op(call, {rate, count, x, x, x, x}); }), "no error");
  EXPECT_NE(message_of([&] { run_op(call, {rate, count, x, x, Tensor::of<float>({2}, {1, 1})}); }), "no error");
  const auto y = run_op(call, {rate, count, x, Tensor::of<float>({1}, {2}), Tensor::of<float>({1}, {12})});
  EXPECT_NEAR(y[0].tensor.as<float>()[0], 1 - 0.1 * 2 / 4, 1e-6);
  EXPECT_EQ(y[1].tensor.as<float>()[0], 16);
}

}  // namespace
}  // namespace mica
