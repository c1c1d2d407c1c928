// An operator is added by adding its file: this program is built with triple.op.cpp beside all others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/model_from_text.h"

namespace mica {
namespace {

TEST(AddedOperator, IsKnownBesideAllOthersAndRuns) {
  ASSERT_NE(operators().find("test.added", "Triple", 1), nullptr);
  ASSERT_NE(operators().find("", "Add", 20), nullptr);
  Session session = model_from_text(R"(
      graph g(x: float[n]) -> (y) opset 20, test.added 1 {
        t = test.added.Triple(x)
        y = Add(t, x)
      })")
                        .compile();
  const auto x = Tensor::of<float>({2}, {1, 2});
  EXPECT_THAT(session.run({{"x", x}})["y"].as<float>(), testing::ElementsAre(4, 8));
}

}  // namespace
}  // namespace mica
