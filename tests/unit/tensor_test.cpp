// Shapes and tensors: sizes that do not fit.
#include "runtime/base/tensor.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"

namespace mica {
namespace {

TEST(CheckedElements, MultipliesDims) {
  EXPECT_EQ(checked_elements(std::vector<int64_t>{}), 1);
  EXPECT_EQ(checked_elements(std::vector<int64_t>{2, 3, 4}), 24);
  EXPECT_EQ(checked_elements(std::vector<int64_t>{2, 0, 4}), 0);
}

TEST(CheckedElements, RefusesWhatDoesNotFit) {
  constexpr int64_t kHuge = int64_t{1} << 62;
  EXPECT_EQ(checked_elements(std::vector<int64_t>{kHuge, 4}), std::nullopt);
  EXPECT_EQ(checked_elements(std::vector<int64_t>{2, -1}), std::nullopt);
  // Kernels multiply some of the dims of an empty tensor too: numpy refuses such a shape as well.
  EXPECT_EQ(checked_elements(std::vector<int64_t>{kHuge, 4, 0}), std::nullopt);
  EXPECT_EQ(checked_elements(std::vector<int64_t>{0, kHuge, 4}), std::nullopt);
}

TEST(Tensor, ThatNoMemoryHoldsIsAnError) {
  for (const DType dtype : {DType::F32, DType::String}) {
    try {
      Tensor(dtype, Shape{int64_t{1} << 45});
      ADD_FAILURE() << "allocated";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
      EXPECT_THAT(error.what(), testing::HasSubstr("35184372088832"));
    }
  }
}

TEST(Tensor, OfStringsIsEmptyStringsAndLetsThemGo) {
  Tensor strings(DType::String, Shape{3});
  strings.mutable_data<std::string>()[1] = std::string(100, 'x');
  const Tensor copy = strings.clone();
  strings = {};
  EXPECT_EQ(copy.data<std::string>()[0], "");
  EXPECT_EQ(copy.data<std::string>()[1], std::string(100, 'x'));
}

}  // namespace
}  // namespace mica
