// Models on the emulated device, which does nothing before it is waited for, hides its memory from the host, and checks
// what kernels are given: the copies, their order and the replays are right, or results are not, or the program ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "runtime/plan.h"
#include "tests/api/model_from_text.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

const CompileOptions kEmulated{.device = "emulated:0"};

std::vector<int64_t> token_ids(int64_t length, int64_t first) {
  std::vector<int64_t> ids(static_cast<size_t>(length));
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = (first + 37 * static_cast<int64_t>(i)) % 512;
  return ids;
}

TEST(DeviceSession, TheToyGivesWhatItGivesOnTheCpu) {
  const Model model = Model::load(MICA_TOY_MODEL);
  Session cpu = model.compile(), device = model.compile(kEmulated);
  // The third run of the same dims is a replay of what the second recorded; other dims, and back, in between.
  for (const int64_t length : {5, 5, 5, 17, 5, 17, 17, 1}) {
    const auto ids = token_ids(length, 11 + length);
    const Tensor input = Tensor::view({1, length}, ids);
    const Outputs& expected = cpu.run({{"input_ids", input}});
    const Outputs& actual = device.run({{"input_ids", input}});
    ASSERT_EQ(actual[0].shape(), expected[0].shape());
    ASSERT_THAT(actual[0].as<float>(), Pointwise(FloatNear(2e-4f), expected[0].as<float>()));
  }
}

TEST(DeviceSession, NewInputsReachReplayedKernels) {
  Session session = model_from_text("graph g(x: float[n]) -> (y) { a = Neg(x)  y = Mul(a, a) }").compile(kEmulated);
  for (const float value : {1.0f, 2.0f, 3.0f, 4.0f}) {
    const Tensor x = Tensor::of<float>({2}, {value, value + 1});
    EXPECT_THAT(session.run({{"x", x}})["y"].as<float>(), ElementsAre(value * value, (value + 1) * (value + 1)));
  }
}

TEST(DeviceSession, CpuStepsInBetweenSeeWhatWasComputedAndGiveItBack) {
  Session session = model_from_text(R"(
    graph g(x: float[2]) -> (y) {
      a = Exp(x)
      b = Hardmax(a) {axis=0}
      y = Neg(b)
    })")
                        .compile(kEmulated);
  ASSERT_THAT(session.plan().steps(), testing::Contains(testing::Field(&Step::kind, Step::Kind::Host)));
  for (int run = 0; run < 3; ++run) {
    const Tensor x = Tensor::of<float>({2}, {std::log(3.0f), std::log(4.0f)});
    EXPECT_THAT(session.run({{"x", x}})["y"].as<float>(), ElementsAre(0, -1));
  }
}

TEST(DeviceSession, AnIndexOutOfRangeIsAnErrorOfTheNodeAndTheNextRunIsFine) {
  Session session = model_from_text(R"(
    graph g(i: int64[n], t: float[m,2]) -> (y) {
      u = Exp(t)
      y = Gather(u, i)
    })")
                        .compile(kEmulated);
  const Tensor table = Tensor::of<float>({2, 2}, {0, 0, 0, 0});
  const auto run = [&](int64_t index) {
    const Tensor indices = Tensor::of<int64_t>({1}, {index});
    return std::vector<float>(session.run({{"i", indices}, {"t", table}})["y"].as<float>().begin(),
                              session.run({{"i", indices}, {"t", table}})["y"].as<float>().end());
  };
  EXPECT_THAT(run(-2), ElementsAre(1, 1));
  for (const int64_t index : {int64_t{2}, int64_t{-3}, int64_t{1} << 60}) {
    const std::string error = message_of([&] { run(index); });
    EXPECT_THAT(error, HasSubstr("Gather"));
    EXPECT_THAT(error, HasSubstr("out of range"));
    EXPECT_THAT(run(1), ElementsAre(1, 1));
  }
}

TEST(DeviceSession, WhatDependsOnDataRunsOnTheCpu) {
  Session session = model_from_text(R"(
    graph g(x: float[n]) -> (y) {
      a = Neg(x)
      i = NonZero(a)
      y = Cast(i) {to=1}
    })")
                        .compile(kEmulated);
  const Tensor x = Tensor::of<float>({3}, {0, 1, 2});
  EXPECT_THAT(session.run({{"x", x}})["y"].as<float>(), ElementsAre(1, 2));
}

TEST(DeviceSession, StateGoesFromRunToRun) {
  Session session = model_from_text(R"(
    graph g(x: float[1,2], past: float[p,2]) -> (y, present) {
      a = Exp(x)
      present = Concat(past, a) {axis=0}
      y = ReduceSum(present, int64[1] [0]) {keepdims=0}
    })")
                        .compile(kEmulated);
  session.state("past", "present");
  const Tensor x = Tensor::of<float>({1, 2}, {0, 0});
  for (const float expected : {1.0f, 2.0f, 3.0f}) {
    EXPECT_THAT(session.run({{"x", x}})["y"].as<float>(), ElementsAre(expected, expected));
  }
}

TEST(DeviceSession, ProfileCountsStepsOfBothSides) {
  Session session = model_from_text(R"(
    graph g(x: float[2]) -> (y) {
      a = Exp(x)
      y = Hardmax(a) {axis=0}
    })")
                        .compile(kEmulated);
  ASSERT_THAT(session.plan().steps(), testing::Contains(testing::Field(&Step::kind, Step::Kind::Host)));
  std::vector<double> seconds(session.plan().steps().size(), 0);
  session.set_profile(seconds);
  session.run({{"x", Tensor::of<float>({2}, {1, 2})}});
  EXPECT_THAT(seconds, testing::Each(testing::Gt(0.0)));
}

TEST(OpenDevice, SaysWhatThereIs) {
  const Model model = model_from_text("graph g(x: float[2]) -> (y) { y = Exp(x) }");
  const auto error = [&](std::string device) {
    return message_of([&] { model.compile({.device = std::move(device)}); });
  };
  EXPECT_THAT(error("cuda:0"), HasSubstr("no device \"cuda:0\" in this build; there is \"cpu\", \"emulated:0\""));
  EXPECT_THAT(error("emulated:1"), HasSubstr("no device \"emulated:1\""));
  EXPECT_THAT(error("emulated:x"), HasSubstr("no device \"emulated:x\""));
  EXPECT_EQ(error("emulated"), "no error");
}

}  // namespace
}  // namespace mica
