// Operators of kernels/gather beyond what the ONNX backend tests cover.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

Tensor vector_of(const std::vector<int64_t>& values) {
  return Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, std::span<const int64_t>(values));
}

template <class T>
std::vector<T> values(const Datum& datum) {
  const auto span = datum.tensor.as<T>();
  return {span.begin(), span.end()};
}

const Tensor kData = Tensor::of<float>({2, 2}, {1, 2, 3, 4});

TEST(Gather, ChecksEveryIndex) {
  EXPECT_EQ(message_of([] {
              run_op({"Gather"}, {kData, vector_of({0, 2})});
            }),
            "Gather: index 2 is out of range [-2, 2)");
  EXPECT_EQ(message_of([] {
              run_op({"GatherElements"}, {kData, Tensor::of<int64_t>({1, 2}, {0, -3})});
            }),
            "GatherElements: index -3 is out of range [-2, 2)");
  EXPECT_EQ(message_of([] {
              run_op({"GatherND"}, {kData, Tensor::of<int64_t>({1, 2}, {1, 5})});
            }),
            "GatherND: index 5 is out of range [-2, 2)");
  EXPECT_EQ(message_of([] {
              run_op({"ScatterND"}, {kData, Tensor::of<int64_t>({1, 2}, {1, 5}), Tensor::of<float>({1}, {0})});
            }),
            "ScatterND: index 5 is out of range [-2, 2)");
  EXPECT_EQ(message_of([] {
              run_op({"ScatterElements"}, {kData, Tensor::of<int64_t>({1, 1}, {9}), Tensor::of<float>({1, 1}, {0})});
            }),
            "ScatterElements: index 9 is out of range [-2, 2)");
}

TEST(Gather, PicksPackedElements) {
  const uint8_t packed[] = {0x21, 0x03};  // 1, 2, 3
  const auto y = run_op({"Gather"}, {Tensor::over(DType::I4, {3}, packed, nullptr), vector_of({2, -3})});
  EXPECT_EQ(*y[0].tensor.data<uint8_t>(), 0x13);
}

TEST(Scatter, ReducesInTheTypeOfTheData) {
  const Tensor indices = Tensor::of<int64_t>({2}, {0, 0});
  const auto bytes = run_op({"ScatterElements", 18, {{"reduction", "add"}}},
                            {Tensor::of<uint8_t>({1}, {250}), indices, Tensor::of<uint8_t>({2}, {3, 4})});
  EXPECT_EQ(values<uint8_t>(bytes[0]), (std::vector<uint8_t>{1}));  // wraps around
  const auto halves =
      run_op({"ScatterElements", 18, {{"reduction", "max"}}},
             {Tensor::of<Half>({1}, {Half(1.5f)}), indices, Tensor::of<Half>({2}, {Half(-2.0f), Half(4.0f)})});
  EXPECT_EQ(static_cast<float>(halves[0].tensor.as<Half>()[0]), 4.0f);
  const auto least = run_op({"ScatterND", 18, {{"reduction", "mul"}}},
                            {Tensor::of<int64_t>({1}, {std::numeric_limits<int64_t>::min()}),
                             Tensor::of<int64_t>({1, 1}, {0}), Tensor::of<int64_t>({1}, {-1})});
  EXPECT_EQ(values<int64_t>(least[0]), (std::vector<int64_t>{std::numeric_limits<int64_t>::min()}));
}

TEST(Scatter, MovesStrings) {
  const auto y = run_op(
      {"Scatter", 9}, {Tensor::of<std::string>({2}, {"a", "b"}), vector_of({1}), Tensor::of<std::string>({1}, {"c"})});
  EXPECT_EQ(values<std::string>(y[0]), (std::vector<std::string>{"a", "c"}));
}

TEST(OneHot, IgnoresWhatIsNoIndex) {
  const auto y = run_op({"OneHot"}, {Tensor::of<float>({3}, {-1.0f, 5.0f, std::nanf("")}), Tensor::scalar(2.0f),
                                     Tensor::of<int8_t>({2}, {0, 1})});
  EXPECT_EQ(values<int8_t>(y[0]), (std::vector<int8_t>{0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(message_of([] {
              run_op({"OneHot"}, {vector_of({0}), Tensor::scalar(-1.0f), vector_of({0, 1})});
            }),
            "OneHot: depth is -1");
}

TEST(NonZero, OfAScalarHasNoRows) {
  EXPECT_EQ(run_op({"NonZero"}, {Tensor::scalar(3.0f)})[0].tensor.shape(), (Shape{0, 1}));
  EXPECT_EQ(run_op({"NonZero"}, {Tensor(DType::I32, {0, 2})})[0].tensor.shape(), (Shape{2, 0}));
}

TEST(Unique, GroupsNaN) {
  const float nan = std::nanf("");
  const auto y = run_op({"Unique", 11, {{"sorted", int64_t{0}}}, 4}, {Tensor::of<float>({5}, {nan, 2, nan, 1, 2})});
  EXPECT_EQ(y[0].tensor.shape(), (Shape{3}));
  EXPECT_EQ(values<int64_t>(y[1]), (std::vector<int64_t>{0, 1, 3}));
  EXPECT_EQ(values<int64_t>(y[2]), (std::vector<int64_t>{0, 1, 0, 2, 1}));
  EXPECT_EQ(values<int64_t>(y[3]), (std::vector<int64_t>{2, 2, 1}));
}

TEST(TensorScatter, RefusesToWritePastTheEnd) {
  const Tensor cache(DType::F32, {1, 4, 1});
  const Tensor update(DType::F32, {1, 2, 1});
  EXPECT_EQ(message_of([&] {
              run_op({"TensorScatter"}, {cache, update, vector_of({3})});
            }),
            "TensorScatter: writing 2 rows from row 3 does not fit a cache of 4");
}

}  // namespace
}  // namespace mica
