// Operators of attention lengthen caches of keys and values where they lie in the device's memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "backends/cpu/thread_pool.h"
#include "runtime/executor.h"
#include "tests/api/model_from_text.h"
#include "tests/cuda/kernels/device_case.h"

namespace mica {
namespace {

/// Of a graph whose inputs are x: T[2,rows,width], mask: float[total], which tells of past and new rows, and
/// lengths: int32[2], the index of a sequence's last key, and whose states are cache_i, which next_i lengthens.
struct StateCase {
  std::string name, graph;
  int64_t width;
  int64_t caches;
};

void PrintTo(const StateCase& of, std::ostream* out) {
  *out << of.name;
}

class AttentionStates : public testing::TestWithParam<StateCase> {
 protected:
  void SetUp() override {
    if (const std::string why = absence_of_device(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
  }
  std::string cache(int64_t i) const { return "cache_" + std::to_string(i); }
  std::string next(int64_t i) const { return "next_" + std::to_string(i); }
};

std::vector<float> values(const Tensor& tensor) {
  return {tensor.as<float>().begin(), tensor.as<float>().end()};
}

TEST_P(AttentionStates, GrowInPlace) {
  const auto& of = GetParam();
  const Model model = model_from_text(of.graph, false);
  const Session session = model.compile({.device = MICA_TEST_DEVICE});
  const Plan& plan = session.plan();
  ThreadPool threads(1);
  Executor executor(std::shared_ptr<const Plan>(std::shared_ptr<void>(), &plan), threads);
  const auto number = [](const std::vector<ValueInfo>& values, const std::string& name) {
    return static_cast<size_t>(std::ranges::find(values, name, &ValueInfo::name) - values.begin());
  };
  for (int64_t i = 0; i < of.caches; ++i) {
    const size_t input = number(model.inputs(), cache(i));
    ASSERT_TRUE(executor.keep(input, number(model.outputs(), next(i))));
    EXPECT_TRUE(executor.kept(input)->axis().has_value()) << cache(i) << " is replaced as a whole";
  }
}

TEST_P(AttentionStates, AreThoseOfTheCpu) {
  const auto& of = GetParam();
  const Model model = model_from_text(of.graph, false);
  Session cpu = model.compile(), device = model.compile({.device = MICA_TEST_DEVICE});
  for (Session* session : {&cpu, &device}) {
    for (int64_t i = 0; i < of.caches; ++i) session->state(cache(i), next(i));
  }
  int64_t total = 0;
  for (const int64_t rows : {3, 1, 2, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1}) {
    total += rows;
    std::vector<float> x;
    for (int64_t i = 0; i < 2 * rows * of.width; ++i)
      x.push_back(0.1f * static_cast<float>((7 * i + total) % 19) - 0.9f);
    const std::vector<float> mask(static_cast<size_t>(total), 1);
    const int32_t last = static_cast<int32_t>(total) - 1;
    const NamedInput inputs[] = {{"x", Tensor::view<float>({2, rows, of.width}, x)},
                                 {"mask", Tensor::view<float>({total}, mask)},
                                 {"lengths", Tensor::of<int32_t>({2}, {last, last - 1})}};
    const auto expected = values(cpu.run(inputs)["y"]);
    ASSERT_THAT(values(device.run(inputs)["y"]), testing::Pointwise(testing::FloatNear(2e-3f), expected)) << total;
    for (int64_t i = 0; i < of.caches; ++i) {
      ASSERT_THAT(values(device.state_value(cache(i))),
                  testing::Pointwise(testing::FloatNear(1e-5f), values(cpu.state_value(cache(i)))))
          << total;
    }
  }
}

std::vector<StateCase> all_states() {
  const auto graph = [](const std::string& caches, const std::string& outputs, const std::string& body) {
    return "graph g(x: float[2,rows,w], mask: float[total], lengths: int32[2], " + caches + ") -> (y, " + outputs +
           ") opset 24, com.microsoft 1 { " + body + " }";
  };
  const auto typed = [](std::string text, const std::string& width) {
    return text.replace(text.find("rows,w]"), 7, "rows," + width + "]");
  };
  const std::string both = "cache_0: float[2,2,past,8], cache_1: float[2,2,past,8]";
  const std::string grouped =
      "shape = Shape(mask) length = Cast(shape) {to=6} "
      "y, next_0, next_1 = com.microsoft.GroupQueryAttention(x, _, _, cache_0, cache_1, lengths, length";
  return {
      {"Attention",
       typed(graph(both, "next_0, next_1",
                   "y, next_0, next_1 = Attention(x, x, x, _, cache_0, cache_1) "
                   "{is_causal=1, q_num_heads=2, kv_num_heads=2}"),
             "16"),
       16, 2},
      {"MultiHead",
       typed(graph(both, "next_0, next_1",
                   "y, next_0, next_1 = com.microsoft.MultiHeadAttention(x, x, x, _, _, _, cache_0, cache_1) "
                   "{num_heads=2, unidirectional=1}"),
             "16"),
       16, 2},
      {"GroupQuery", typed(graph(both, "next_0, next_1", grouped + ") {num_heads=4, kv_num_heads=2}"), "64"), 64, 2},
      {"Packed",
       typed(graph("cache_0: float[2,2,2,past,8]", "next_0",
                   "p: float[16,48] = 0.25 "
                   "y, next_0 = com.microsoft.Attention(x, p, _, _, cache_0) {num_heads=2, unidirectional=1}"),
             "16"),
       16, 1},
  };
}

INSTANTIATE_TEST_SUITE_P(, AttentionStates, testing::ValuesIn(all_states()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace mica
