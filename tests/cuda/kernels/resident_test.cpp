// Inputs, outputs and states in the device's memory, and recordings of several dims: what they give is what the CPU
// gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/model_from_text.h"
#include "tests/cuda/kernels/device_case.h"

namespace mica {
namespace {

using testing::FloatNear;
using testing::Pointwise;

class Resident : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = absence_of_device(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
  }
  const std::string device = MICA_TEST_DEVICE;
};

std::vector<float> wave(int64_t count, int step) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(0.1f * static_cast<float>((7 * i + 3 * step) % 19) - 0.9f);
  return values;
}

std::vector<float> values(const Tensor& tensor) {
  return {tensor.as<float>().begin(), tensor.as<float>().end()};
}

constexpr std::string_view kLayers = R"(
  graph g(x: float[n,8], z: float[n,8]) -> (y, s) {
    a = Tanh(x)
    b = Add(a, z)
    s = Softmax(b) {axis=-1}
    c = Neg(b)
    y = Mul(c, s)
  })";

TEST_F(Resident, InputsAndOutputs) {
  const Model model = model_from_text(kLayers, false);
  Session cpu = model.compile(), session = model.compile({.device = device});
  const Shape shape{5, 8};
  DeviceTensor x(device, DType::F32, shape), y(device, DType::F32, shape), s(device, DType::F32, shape);
  session.bind_input("x", x);
  session.bind_output("y", y);
  for (int step = 0; step < 6; ++step) {
    if (step == 3) session.bind_output("s", s);
    const auto host_x = wave(40, step), host_z = wave(40, step + 5);
    const Tensor z = Tensor::view<float>(shape, host_z);
    x.upload(Tensor::view<float>(shape, host_x));
    const Outputs& expected = cpu.run({{"x", Tensor::view<float>(shape, host_x)}, {"z", z}});
    const Outputs& actual = session.run({{"z", z}});
    session.wait();
    const Tensor softmax = step < 3 ? actual["s"] : s.download();
    EXPECT_THAT(values(softmax), Pointwise(FloatNear(1e-6f), values(expected["s"])));
    EXPECT_THAT(values(y.download()), Pointwise(FloatNear(1e-6f), values(expected["y"])));
    EXPECT_EQ(values(x.download()), host_x);
  }
}

TEST_F(Resident, ManyDimsInTurn) {
  const Model model = model_from_text(kLayers, false);
  Session cpu = model.compile(), session = model.compile({.device = device});
  for (int round = 0; round < 4; ++round) {
    for (int64_t n = 1; n <= 11; ++n) {
      const auto x = wave(8 * n, round), z = wave(8 * n, round + 1);
      const NamedInput inputs[] = {{"x", Tensor::view<float>({n, 8}, x)}, {"z", Tensor::view<float>({n, 8}, z)}};
      const auto expected = values(cpu.run(inputs)["y"]);
      for (int again = 0; again < 3; ++again) {
        ASSERT_THAT(values(session.run(inputs)["y"]), Pointwise(FloatNear(1e-6f), expected)) << n;
      }
    }
  }
}

TEST_F(Resident, CachesOfADecoder) {
  const Model model = model_from_text(R"(
    graph g(x: float[1,1,16], past_k: float[1,2,p,8], past_v: float[1,2,p,8], h: float[1,1,16]) -> (y, k, v, next) {
      a = Tanh(x)
      b = Neg(a)
      c = Mul(a, b)
      next = Add(c, h)
      d, k, v = Attention(next, c, c, _, past_k, past_v) {q_num_heads=2, kv_num_heads=2}
      e = Neg(d)
      f = Tanh(e)
      y = Add(f, e)
    })",
                                      false);
  Session cpu = model.compile(), session = model.compile({.device = device});
  for (Session* one : {&cpu, &session}) {
    one->state("past_k", "k");
    one->state("past_v", "v");
    one->state("h", "next");
  }
  for (int step = 0; step < 20; ++step) {
    const auto x = wave(16, step);
    const Tensor input = Tensor::view<float>({1, 1, 16}, x);
    const auto expected = values(cpu.run({{"x", input}})["y"]);
    ASSERT_THAT(values(session.run({{"x", input}})["y"]), Pointwise(FloatNear(1e-5f), expected)) << step;
  }
  for (const char* state : {"past_k", "past_v", "h"}) {
    EXPECT_THAT(values(session.state_value(state)), Pointwise(FloatNear(1e-5f), values(cpu.state_value(state))))
        << state;
  }
}

}  // namespace
}  // namespace mica
