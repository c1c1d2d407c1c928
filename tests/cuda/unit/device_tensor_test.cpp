// Inputs, outputs and states that stay on the device. The emulated device counts what it is asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "runtime/mica.h"
#include "runtime/plan.h"
#include "tests/api/model_from_text.h"
#include "tests/cuda/emulator/emulator.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

const CompileOptions kEmulated{.device = "emulated:0"};

DeviceTensor on_device(const Shape& shape, std::initializer_list<float> values) {
  return DeviceTensor::of("emulated:0", Tensor::of<float>(shape, values));
}

std::vector<float> values(const Tensor& tensor) {
  return {tensor.as<float>().begin(), tensor.as<float>().end()};
}

struct Asked {
  size_t allocations, waits, recordings, replays, copies;
};

Asked asked_for(const std::function<void()>& call) {
  const emulator::Counts& counts = emulator::counts();
  const Asked before{counts.allocations, counts.waits, counts.recordings, counts.replays, counts.copies};
  call();
  return {counts.allocations - before.allocations, counts.waits - before.waits, counts.recordings - before.recordings,
          counts.replays - before.replays, counts.copies - before.copies};
}

TEST(DeviceTensor, CopiesToTheDeviceAndBack) {
  DeviceTensor tensor("emulated:0", DType::F32, {2, 2});
  tensor.upload(Tensor::of<float>({2, 2}, {1, 2, 3, 4}));
  EXPECT_THAT(values(tensor.download()), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(values(DeviceTensor::of("cpu", Tensor::of<float>({1}, {7})).download()), ElementsAre(7));
  EXPECT_EQ(DeviceTensor("emulated:0", DType::I64, {0, 3}).download().elements(), 0);
}

TEST(DeviceTensor, RefusesWhatDoesNotFit) {
  DeviceTensor tensor("emulated:0", DType::F32, {2});
  EXPECT_THAT(message_of([&] { tensor.upload(Tensor::of<float>({3}, {1, 2, 3})); }), HasSubstr("float[3]"));
  EXPECT_THAT(message_of([&] { tensor.upload(Tensor::of<int32_t>({2}, {1, 2})); }), HasSubstr("int32[2]"));
  EXPECT_THAT(message_of([] { DeviceTensor().download(); }), HasSubstr("undefined"));
  EXPECT_THAT(message_of([] { DeviceTensor("emulated:0", DType::String, {1}); }), HasSubstr("string[1]"));
  EXPECT_THAT(message_of([] { DeviceTensor("nowhere:0", DType::F32, {1}); }), HasSubstr("no device"));
  EXPECT_THAT(message_of([] {
                DeviceTensor("emulated:0", DType::F32, {int64_t{1} << 40, int64_t{1} << 40});
              }),
              HasSubstr("no tensor"));
}

constexpr std::string_view kFour = R"(
  graph g(x: float[n], z: float[n]) -> (y) {
    a = Exp(x)
    b = Add(a, z)
    c = Neg(b)
    y = Mul(c, c)
  })";

TEST(DeviceBinding, ARunCopiesNothingAndDoesNotWait) {
  Session session = model_from_text(kFour, false).compile(kEmulated);
  DeviceTensor y("emulated:0", DType::F32, {2});
  DeviceTensor x = on_device({2}, {0, 0});
  session.bind_input("x", x);
  session.bind_input("z", on_device({2}, {1, 2}));
  session.bind_output("y", y);
  for (int i = 0; i < 2; ++i) session.run({});
  session.wait();
  EXPECT_THAT(values(y.download()), ElementsAre(4, 9));
  x.upload(Tensor::of<float>({2}, {0, 0}));
  const Asked asked = asked_for([&] {
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(session.run({})["y"].defined());
  });
  EXPECT_EQ(asked.waits, 0u);
  EXPECT_EQ(asked.copies, 0u);
  EXPECT_EQ(asked.allocations, 0u);
  EXPECT_EQ(asked.recordings, 0u);
  EXPECT_EQ(asked.replays, 3u);
  session.wait();
  EXPECT_THAT(values(x.download()), ElementsAre(0, 0)) << "an input is not written";
}

TEST(DeviceBinding, MayBeChangedAndEnded) {
  Session session = model_from_text(kFour, false).compile(kEmulated);
  const Tensor z = Tensor::of<float>({1}, {1});
  const auto run = [&] {
    const Outputs& out = session.run({{"z", z}});
    session.wait();
    return out["y"].defined() ? values(out["y"]) : std::vector<float>();
  };
  session.bind_input("x", on_device({1}, {0}));
  EXPECT_THAT(run(), ElementsAre(4));
  EXPECT_THAT(run(), ElementsAre(4));
  DeviceTensor first("emulated:0", DType::F32, {1}), second("emulated:0", DType::F32, {1});
  for (DeviceTensor* y : {&first, &second, &first}) {
    session.bind_output("y", *y);
    EXPECT_THAT(run(), ElementsAre());
    EXPECT_THAT(run(), ElementsAre());
    EXPECT_THAT(values(y->download()), ElementsAre(4));
  }
  session.bind_output("y", {});
  session.bind_input("x", {});
  const Tensor x = Tensor::of<float>({1}, {0});
  EXPECT_THAT(values(session.run({{"x", x}, {"z", z}})["y"]), ElementsAre(4));
}

TEST(DeviceBinding, StepsOnTheCpuGetACopy) {
  Session session = model_from_text(R"(
    graph g(x: float[2]) -> (y, z) {
      y = Hardmax(x) {axis=0}
      a = Exp(x)
      z = Sub(a, a)
    })",
                                    false)
                        .compile(kEmulated);
  ASSERT_THAT(session.plan().steps(), testing::Contains(testing::Field(&Step::kind, Step::Kind::Host)));
  DeviceTensor y("emulated:0", DType::F32, {2}), z("emulated:0", DType::F32, {2});
  session.bind_input("x", on_device({2}, {3, 4}));
  session.bind_output("y", y);
  session.bind_output("z", z);
  for (int i = 0; i < 3; ++i) {
    session.run({});
    session.wait();
    EXPECT_THAT(values(y.download()), ElementsAre(0, 1));
    EXPECT_THAT(values(z.download()), ElementsAre(0, 0));
  }
}

TEST(DeviceBinding, OutputsThatShareMemoryOrAreInputs) {
  Session session = model_from_text(R"(
    graph g(x: float[2,2], s: int64[1] = [4]) -> (a, b, x2) {
      a = Exp(x)
      b = Reshape(a, s)
      t = Transpose(x) {perm=[1,0]}
      x2 = Transpose(t) {perm=[1,0]}
    })")
                        .compile(kEmulated);
  DeviceTensor a("emulated:0", DType::F32, {2, 2}), b("emulated:0", DType::F32, {4});
  session.bind_input("x", on_device({2, 2}, {0, 0, 0, 0}));
  session.bind_output("a", a);
  session.bind_output("b", b);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(values(session.run({})["x2"]), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(values(a.download()), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(values(b.download()), ElementsAre(1, 1, 1, 1));
}

TEST(DeviceBinding, HostTensorsOnTheCpu) {
  Session session = model_from_text(kFour).compile();
  DeviceTensor y("cpu", DType::F32, {2});
  session.bind_input("x", DeviceTensor::of("cpu", Tensor::of<float>({2}, {0, 0})));
  session.bind_output("y", y);
  const Tensor z = Tensor::of<float>({2}, {0, 1});
  session.run({{"z", z}});
  EXPECT_THAT(values(y.download()), ElementsAre(1, 4));
}

TEST(DeviceBinding, RefusesWhatDoesNotFit) {
  Session session = model_from_text(kFour, false).compile(kEmulated);
  const auto z = on_device({2}, {1, 2});
  EXPECT_THAT(message_of([&] { session.bind_input("w", z); }), HasSubstr("\"w\""));
  EXPECT_THAT(message_of([&] { session.bind_input("x", DeviceTensor("cpu", DType::F32, {2})); }),
              HasSubstr("is bound to memory of cpu, the session is on emulated:0"));
  EXPECT_THAT(message_of([&] { session.bind_input("x", DeviceTensor("emulated:0", DType::I32, {2})); }),
              HasSubstr("the model takes float[n]"));
  session.bind_input("z", z);
  const Tensor x = Tensor::of<float>({2}, {0, 0}), longer = Tensor::of<float>({3}, {0, 0, 0});
  EXPECT_THAT(message_of([&] { session.run({{"x", x}, {"z", x}}); }), HasSubstr("not to be given"));
  EXPECT_THAT(message_of([&] { session.run({{"x", longer}}); }), HasSubstr("n is 3 in another input"));
  session.bind_output("y", DeviceTensor("emulated:0", DType::F32, {3}));
  EXPECT_THAT(message_of([&] { session.run({{"x", x}}); }), HasSubstr("output \"y\" is float[2] for these inputs"));
  EXPECT_THAT(message_of([&] { session.state("z", "y"); }), HasSubstr("bound"));
}

TEST(DeviceBinding, AFaultIsToldWhenTheRunIsWaitedFor) {
  Session session = model_from_text(R"(
    graph g(i: int64[1], t: float[2]) -> (y) {
      u = Exp(t)
      y = Gather(u, i)
    })")
                        .compile(kEmulated);
  DeviceTensor index = DeviceTensor::of("emulated:0", Tensor::of<int64_t>({1}, {5}));
  session.bind_input("i", index);
  session.bind_input("t", on_device({2}, {0, 0}));
  DeviceTensor y("emulated:0", DType::F32, {1});
  session.bind_output("y", y);
  session.run({});
  EXPECT_THAT(message_of([&] { session.wait(); }), HasSubstr("out of range"));
  index.upload(Tensor::of<int64_t>({1}, {1}));
  session.run({});
  session.wait();
  EXPECT_THAT(values(y.download()), ElementsAre(1));
}

TEST(DeviceRecordings, SeveralDimsKeepTheirs) {
  Session session = model_from_text(kFour, false).compile(kEmulated);
  const std::vector<float> zeros(8, 0);
  const auto run = [&](int64_t n) {
    const Tensor x = Tensor::view<float>({n}, zeros.data());
    const Tensor z = x.clone();  // at another address every time
    session.run({{"x", x}, {"z", z}});
  };
  for (int i = 0; i < 2; ++i) {
    for (int64_t n = 8; n >= 5; --n) run(n);
  }
  const Asked asked = asked_for([&] {
    for (int i = 0; i < 2; ++i) {
      for (int64_t n = 8; n >= 5; --n) run(n);
    }
  });
  EXPECT_EQ(asked.recordings, 0u);
  EXPECT_EQ(asked.replays, 8u);
  EXPECT_EQ(asked.waits, 8u) << "once a run";
  EXPECT_EQ(asked.copies, 0u) << "copies are recorded with the kernels";
  EXPECT_EQ(asked.allocations, 0u);
}

TEST(DeviceRecordings, TheLeastUsedMakesWay) {
  Session session = model_from_text(kFour, false).compile(kEmulated);
  const std::vector<float> zeros(32, 0);
  const auto run = [&](int64_t n) {
    const Tensor x = Tensor::view<float>({n}, zeros.data());
    EXPECT_THAT(values(session.run({{"x", x}, {"z", x}})["y"]), ElementsAreArray(std::vector<float>(n, 1)));
  };
  run(32);
  for (int round = 0; round < 3; ++round) {
    for (int64_t n = 1; n <= 12; ++n) run(n), run(n), run(n);
  }
}

// A step of a decoder: keys and values are lengthened by Attention, and what does not see them is the same every time.
constexpr std::string_view kDecoder = R"(
  graph g(x: float[1,1,4], past_k: float[1,2,p,2], past_v: float[1,2,p,2]) -> (y, k, v) {
    a = Tanh(x)
    b = Neg(a)
    c = Mul(a, b)
    d, k, v = Attention(c, c, c, _, past_k, past_v) {q_num_heads=2, kv_num_heads=2}
    e = Neg(d)
    f = Tanh(e)
    y = Add(f, e)
  })";

TEST(DeviceState, CachesGrowInPlaceAndTheRestIsReplayed) {
  const Model model = model_from_text(kDecoder, false);
  Session cpu = model.compile(), device = model.compile(kEmulated);
  for (Session* session : {&cpu, &device}) {
    session->state("past_k", "k");
    session->state("past_v", "v");
  }
  const auto run = [&](int step) {
    const float at = 0.1f * static_cast<float>(step);
    const Tensor x = Tensor::of<float>({1, 1, 4}, {at, -at, 0.5f, 1 - at});
    const auto expected = values(cpu.run({{"x", x}})["y"]);
    const Outputs& out = device.run({{"x", x}});
    EXPECT_FALSE(out["k"].defined());
    EXPECT_THAT(values(out["y"]), testing::Pointwise(testing::FloatNear(1e-5f), expected));
  };
  for (int step = 0; step < 10; ++step) run(step);  // room is now for 16
  const Asked asked = asked_for([&] {
    for (int step = 10; step < 16; ++step) run(step);
  });
  EXPECT_EQ(asked.allocations, 0u);
  EXPECT_EQ(asked.waits, 6u);
  EXPECT_EQ(asked.recordings, 0u);
  EXPECT_EQ(asked.replays, 2 * 6u);
  EXPECT_THAT(values(device.state_value("past_k")),
              testing::Pointwise(testing::FloatNear(1e-5f), values(cpu.state_value("past_k"))));

  const Tensor shorter = Tensor::of<float>({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  for (Session* session : {&cpu, &device}) {
    session->set_state("past_k", shorter);
    session->set_state("past_v", shorter);
  }
  for (int step = 0; step < 4; ++step) run(step);
}

TEST(DeviceState, ConcatLengthensInPlace) {
  Session session = model_from_text(R"(
    graph g(x: float[2,1,2], past: float[2,p,2]) -> (y, present) {
      a = Exp(x)
      present = Concat(past, a) {axis=1}
      y = Neg(a)
    })",
                                    false)
                        .compile(kEmulated);
  session.state("past", "present");
  const Tensor x = Tensor::of<float>({2, 1, 2}, {0, 0, 0, 0});
  session.set_state("past", Tensor::of<float>({2, 1, 2}, {5, 6, 7, 8}));
  for (int i = 0; i < 3; ++i) session.run({{"x", x}});
  EXPECT_THAT(values(session.state_value("past")), ElementsAre(5, 6, 1, 1, 1, 1, 1, 1, 7, 8, 1, 1, 1, 1, 1, 1));
}

TEST(DeviceState, WhatIsReplacedAlternatesOnTheDevice) {
  Session session = model_from_text(R"(
    graph g(x: float[2], h: float[2]) -> (y, next) {
      a = Add(x, h)
      next = Neg(a)
      b = Mul(a, a)
      y = Exp(b)
    })",
                                    false)
                        .compile(kEmulated);
  session.state("h", "next");
  DeviceTensor y("emulated:0", DType::F32, {2});
  session.bind_input("x", on_device({2}, {1, 2}));
  session.bind_output("y", y);
  std::vector<float> expected = {0, 0};
  const auto run = [&] {
    session.run({});
    expected = {-1 - expected[0], -2 - expected[1]};
  };
  for (int i = 0; i < 5; ++i) run();
  const Asked asked = asked_for([&] {
    for (int i = 0; i < 4; ++i) run();
  });
  EXPECT_EQ(asked.waits + asked.copies + asked.allocations + asked.recordings, 0u);
  EXPECT_EQ(asked.replays, 4u);
  EXPECT_THAT(values(session.state_value("h")), ElementsAreArray(expected));
  EXPECT_THAT(values(y.download()), testing::Pointwise(testing::FloatNear(1e-4f), {std::exp(1.0f), std::exp(4.0f)}));
}

}  // namespace
}  // namespace mica
