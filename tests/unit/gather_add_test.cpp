// GatherAdd: rows of a table on top of rows.
#include <gmock/gmock.h>

#include "tests/unit/message_of.h"
#include "tests/unit/run_op.h"

namespace mica {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const OpCall kCall{.op_type = "GatherAdd", .opset = 1, .domain = "mica"};
const std::vector<float> kTable{1, 2, 10, 20, 100, 200};
const std::vector<float> kRows{0.5f, 0.5f, 1, 1, 2, 2, 3, 3};

Tensor run(const std::vector<int64_t>& indices, const Shape& shape) {
  return run_op(kCall, {Tensor::view({2, 2, 2}, kRows), Tensor::view({3, 2}, kTable), Tensor::view(shape, indices)})[0]
      .tensor;
}

TEST(GatherAdd, AddsARowToEach) {
  const Tensor y = run({2, 0, -2, 1}, {2, 2});
  EXPECT_EQ(y.shape(), (Shape{2, 2, 2}));
  EXPECT_THAT(std::vector<float>(y.data<float>(), y.data<float>() + 8),
              ElementsAre(100.5f, 200.5f, 2, 3, 12, 22, 13, 23));
}

TEST(GatherAdd, RepeatsIndicesOverTheFirstAxes) {
  const Tensor y = run({1, 2}, {1, 2});
  EXPECT_THAT(std::vector<float>(y.data<float>(), y.data<float>() + 8),
              ElementsAre(10.5f, 20.5f, 101, 201, 12, 22, 103, 203));
}

TEST(GatherAdd, RefusesIndicesBeyondTheTable) {
  EXPECT_THAT(message_of([] { run({0, 3}, {2}); }), HasSubstr("3"));
  EXPECT_THAT(message_of([] { run({0, 0, 0}, {3}); }), HasSubstr("do not fit"));
}

}  // namespace
}  // namespace mica
