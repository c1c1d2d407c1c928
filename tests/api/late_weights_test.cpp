// Large weights are packed by the second run of a plan; results do not tell.
#include <gmock/gmock.h>

#include <cstring>
#include <thread>

#include "graph/text_format.h"
#include "kernels/matmul/packed.h"
#include "kernels/op.h"
#include "runtime/mica.h"
#include "runtime/plan.h"
#include "tests/api/model_from_text.h"

namespace mica {
namespace {

using testing::ElementsAre;

// Two products with weights of 6 and 3 MB, and a small one.
Model model() {
  return model_from_text(
      "graph g(x: float[n,1024]) -> (z) opset 20 {\n"
      "  up: float[1024,1536] = 0.0011\n"
      "  down: float[512,1536] = -0.0007\n"
      "  small: float[512,8] = 0.5\n"
      "  h = MatMul(x, up)\n"
      "  y = Gemm(h, down) {transB=1}\n"
      "  z = MatMul(y, small)\n}");
}

Tensor rows(int64_t count) {
  Tensor x(DType::F32, {count, 1024});
  for (int64_t i = 0; i < x.elements(); ++i) x.mutable_data<float>()[i] = static_cast<float>(i * 7919 % 2003) / 977;
  return x;
}

std::vector<float> run(Session& session, const Tensor& x) {
  const auto z = session.run({{"x", x}})[0].as<float>();
  return {z.begin(), z.end()};
}

// For each step that has packed weights, whether they are packed.
std::vector<bool> packed(const Session& session) {
  std::vector<bool> list;
  for (const Step& step : session.plan().steps()) {
    if (step.packed == nullptr) continue;
    list.push_back(static_cast<const PackedMatrices*>(step.packed.get())->matrix(0) != nullptr);
  }
  return list;
}

TEST(LateWeights, ArePackedByTheSecondRun) {
  for (const int threads : {1, 2}) {
    Session session = model().compile({.threads = threads});
    Session at_once = model().compile({.threads = threads, .pack_at_once = true});
    EXPECT_THAT(packed(session), ElementsAre(false, false, false));
    EXPECT_THAT(packed(at_once), ElementsAre(true, true, true));
    const std::vector<float> expected = run(at_once, rows(5));
    EXPECT_EQ(run(session, rows(5)), expected);
    EXPECT_THAT(packed(session), ElementsAre(false, false, false));
    EXPECT_EQ(run(session, rows(5)), expected);
    EXPECT_THAT(packed(session), ElementsAre(true, true, true));
    EXPECT_EQ(run(session, rows(5)), expected);
    EXPECT_EQ(run(session, rows(130)), run(at_once, rows(130)));
  }
}

TEST(LateWeights, ArePackedForAllSessionsOfAPlan) {
  const Model loaded = model();
  Session first = loaded.compile({.threads = 1});
  Session second = first.fork();
  const std::vector<float> expected = run(first, rows(3));
  EXPECT_EQ(run(second, rows(3)), expected);
  EXPECT_THAT(packed(first), ElementsAre(true, true, true));
}

TEST(LateWeights, ArePackedWhileOthersRun) {
  Session at_once = model().compile({.threads = 1, .pack_at_once = true});
  const std::vector<float> expected = run(at_once, rows(40));
  const Model loaded = model();
  const Session session = loaded.compile({.threads = 2});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Session own = session.fork();
      for (int repeat = 0; repeat < 3; ++repeat) EXPECT_EQ(run(own, rows(40)), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(packed(session), ElementsAre(true, true, true));
}

TEST(LateWeights, ArePackedForWhoWantsThemAtOnce) {
  const Model loaded = model();
  const Session first = loaded.compile({.threads = 1});
  const Session second = loaded.compile({.threads = 1, .pack_at_once = true});
  EXPECT_EQ(&first.plan(), &second.plan());
  EXPECT_THAT(packed(first), ElementsAre(true, true, true));
}

// A plan whose weights are all small has nothing to wait for.
TEST(LateWeights, AreLargeOnes) {
  Session session =
      model_from_text("graph g(x: float[n,64]) -> (y) opset 20 {\n  w: float[64,64] = 0.5\n  y = MatMul(x, w)\n}")
          .compile();
  EXPECT_THAT(packed(session), ElementsAre(true));
}

}  // namespace
}  // namespace mica
