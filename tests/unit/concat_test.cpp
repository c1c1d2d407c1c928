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

TEST(Concat, JoinsElementsNarrowerThanAByte) {
  // [[1], [2]] and [[3, 4], [5, 6]], the first element in the low bits.
  const uint8_t a[] = {0x21}, b[] = {0x43, 0x65};
  const auto y = run_op({"Concat", 25, {{"axis", int64_t{1}}}},
                        {Tensor::over(DType::U4, {2, 1}, a, nullptr), Tensor::over(DType::U4, {2, 2}, b, nullptr)});
  const uint8_t* bytes = y[0].tensor.data<uint8_t>();
  EXPECT_EQ((std::vector<int>{bytes[0], bytes[1], bytes[2]}), (std::vector<int>{0x31, 0x24, 0x65}));
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
