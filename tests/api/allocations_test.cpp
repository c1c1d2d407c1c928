// A run over dims that memory has been laid out for allocates nothing.
#include <gtest/gtest.h>

#include "runtime/mica.h"
#include "tests/api/allocation_count.h"
#include "tests/api/model_from_text.h"

namespace mica {
namespace {

size_t allocations_of(const std::function<void()>& call) {
  const size_t before = allocation_count();
  call();
  return allocation_count() - before;
}

TEST(Allocations, NoneInARunOfTheToy) {
  for (const int threads : {1, 2}) {
    Session session = Model::load(MICA_TOY_MODEL).compile({.threads = threads});
    const std::vector<int64_t> ids(3 * 64, 7);
    const auto run = [&](int64_t batch, int64_t length) {
      session.run({{"input_ids", Tensor::view<int64_t>({batch, length}, ids.data())}});
    };
    for (int i = 0; i < 2; ++i) {  // two buffers an output
      run(3, 64);
      run(1, 16);
    }
    EXPECT_EQ(allocations_of([&] { run(3, 64); }), 0u);
    EXPECT_EQ(allocations_of([&] { run(1, 16); }), 0u);
    EXPECT_EQ(allocations_of([&] { run(2, 33); }), 0u) << "dims never seen, smaller than those laid out for";
  }
}

TEST(Allocations, NoneWhileAStateGrowsWithinItsRoom) {
  Session session = model_from_text(R"(
      graph g(keys: float[2,2,past,4], new: float[2,2,step,4]) -> (grown, last) {
        grown = Concat(keys, new) {axis=2}
        last = Neg(new)
      })")
                        .compile();
  session.state("keys", "grown");
  const std::vector<float> rows(16, 1.0f);
  const auto run = [&] { session.run({{"new", Tensor::view<float>({2, 2, 1, 4}, rows.data())}}); };
  for (int i = 0; i < 33; ++i) run();  // room is now for 64
  EXPECT_EQ(allocations_of([&] {
              for (int i = 0; i < 31; ++i) run();
            }),
            0u);
}

}  // namespace
}  // namespace mica
