#include <gtest/gtest.h>

#include "tests/unit/run_op.h"

namespace mica {
namespace {

TEST(Concat, JoinsAlongAnInnerAxis) {
  const auto y = run_op({"Concat", 13, {{"axis", int64_t{1}}}},
                        {Tensor::of<float>({2, 1}, {1, 2}), Tensor::of<float>({2, 2}, {3, 4, 5, 6})});
  ASSERT_EQ(y[0].tensor.shape(), (Shape{2, 3}));
  const auto values = y[0].tensor.as<float>();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), (std::vector<float>{1, 3, 4, 2, 5, 6}));
}

TEST(Concat, NamesTheDimsThatDiffer) {
  try {
    run_op({"Concat", 13, {{"axis", int64_t{1}}}}, {Tensor(DType::F32, {2, 1}), Tensor(DType::F32, {3, 1})});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "Concat: dims of axis 0 differ: 2 and 3");
  }
}

}  // namespace
}  // namespace mica
