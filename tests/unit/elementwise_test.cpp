// Elementwise operators beyond what the ONNX backend tests cover: element types, broadcasting of many axes, values at
// the edges of integers, inference by expressions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/elementwise/broadcast.h"
#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"

namespace mica {
namespace {

using testing::ElementsAre;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

template <class T>
std::vector<T> values(const std::vector<Datum>& outputs) {
  const auto span = outputs[0].tensor.as<T>();
  return {span.begin(), span.end()};
}

template <class T>
Tensor vec(std::initializer_list<T> elements) {
  return Tensor::of<T>({static_cast<int64_t>(elements.size())}, elements);
}

Tensor iota(const Shape& shape) {
  Tensor tensor(DType::F32, shape);
  for (int64_t i = 0; i < shape.elements(); ++i) tensor.mutable_data<float>()[i] = static_cast<float>(i);
  return tensor;
}

// Element of a tensor at the output's indices, by the definition of broadcasting.
float broadcast_at(const Tensor& tensor, const Shape& out, int64_t flat) {
  int64_t at = 0;
  int64_t stride = 1;
  for (size_t i = 1; i <= out.rank(); ++i) {
    const int64_t index = flat % out[out.rank() - i];
    flat /= out[out.rank() - i];
    if (i > tensor.shape().rank()) continue;
    const int64_t dim = tensor.shape()[tensor.shape().rank() - i];
    if (dim != 1) at += index * stride;
    stride *= dim;
  }
  return tensor.data<float>()[at];
}

struct Pair {
  Shape a, b, out;
};

class Broadcasting : public testing::TestWithParam<Pair> {};

TEST_P(Broadcasting, MeetsTheDefinition) {
  const auto& [a_shape, b_shape, out] = GetParam();
  const Tensor a = iota(a_shape);
  const Tensor b = iota(b_shape);
  for (const int threads : {1, 3}) {
    Tensor y(DType::F32, out);
    const BroadcastOperand operands[] = {BroadcastOperand(a), BroadcastOperand(b)};
    ThreadPool pool(threads);
    const BroadcastWalk walk(BroadcastOperand(y), operands);
    walk.run(pool, 1, [&](const BroadcastWalk::Row& row) {
      const float* x = reinterpret_cast<const float*>(row.in[0]);
      const float* z = reinterpret_cast<const float*>(row.in[1]);
      float* to = reinterpret_cast<float*>(row.out);
      for (int64_t i = 0; i < row.count; ++i) {
        to[i] = 1000 * x[walk.repeats(0) ? 0 : i] + z[walk.repeats(1) ? 0 : i];
      }
    });
    for (int64_t i = 0; i < out.elements(); ++i) {
      ASSERT_EQ(y.data<float>()[i], 1000 * broadcast_at(a, out, i) + broadcast_at(b, out, i)) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Broadcasting,
                         testing::Values(Pair{{2, 3, 4}, {2, 3, 4}, {2, 3, 4}}, Pair{{2, 3, 4}, {4}, {2, 3, 4}},
                                         Pair{{2, 3, 4}, {3, 1}, {2, 3, 4}}, Pair{{3, 1}, {1, 5}, {3, 5}},
                                         Pair{{}, {2, 2}, {2, 2}}, Pair{{1}, {}, {1}}, Pair{{0, 3}, {1, 3}, {0, 3}},
                                         Pair{{2, 1, 3, 1, 2}, {5, 1, 4, 1}, {2, 5, 3, 4, 2}},
                                         Pair{{1, 1, 7}, {6, 1, 1}, {6, 1, 7}},
                                         Pair{{4, 1, 1, 3}, {2, 3}, {4, 1, 2, 3}}));

TEST(Elementwise, RefusesShapesThatDoNotBroadcast) {
  EXPECT_THROW(run_op({"Add"}, {iota({2, 3}), iota({2})}), Error);
  const Tensor a = iota({2});
  Tensor y(DType::F32, {3});
  const BroadcastOperand operands[] = {BroadcastOperand(a), BroadcastOperand(a)};
  EXPECT_THROW(BroadcastWalk(BroadcastOperand(y), operands), Error);
}

TEST(Elementwise, IntegersWrapAround) {
  EXPECT_THAT(values<uint16_t>(run_op({"Mul"}, {vec<uint16_t>({65535, 3}), vec<uint16_t>({65535, 5})})),
              ElementsAre(1, 15));
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  EXPECT_THAT(values<int64_t>(run_op({"Add"}, {vec<int64_t>({kLeast, 1}), vec<int64_t>({-1, 1})})),
              ElementsAre(std::numeric_limits<int64_t>::max(), 2));
  EXPECT_THAT(values<int8_t>(run_op({"Sub"}, {vec<int8_t>({-128, 5}), vec<int8_t>({1, 7})})), ElementsAre(127, -2));
}

TEST(Elementwise, IntegerDivisionIsDefinedEverywhere) {
  constexpr int32_t kLeast = std::numeric_limits<int32_t>::min();
  EXPECT_THAT(values<int32_t>(run_op({"Div"}, {vec<int32_t>({7, -7, 5, kLeast}), vec<int32_t>({-2, 2, 0, -1})})),
              ElementsAre(-3, -3, 0, kLeast));
  EXPECT_THAT(values<int8_t>(run_op({"Div"}, {vec<int8_t>({-128}), vec<int8_t>({-1})})), ElementsAre(-128));
}

TEST(Elementwise, NarrowFloatsAreComputedInFloat) {
  const auto f16 = run_op({"Add"}, {vec<Half>({Half(1.0f), Half(60000.0f)}), vec<Half>({Half(0x1p-12f), Half(6e4f)})});
  EXPECT_EQ(static_cast<float>(f16[0].tensor.as<Half>()[0]), 1.0f);
  EXPECT_EQ(static_cast<float>(f16[0].tensor.as<Half>()[1]), std::numeric_limits<float>::infinity());
  Tensor many(DType::BF16, {3, 1100});
  for (int64_t i = 0; i < many.elements(); ++i)
    many.mutable_data<BFloat16>()[i] = BFloat16(static_cast<float>(i % 128));
  const auto y =
      run_op({"Mul"}, {Tensor::of<BFloat16>({3, 1}, {BFloat16(1.0f), BFloat16(2.0f), BFloat16(4.0f)}), many});
  for (int64_t i = 0; i < many.elements(); ++i) {
    ASSERT_EQ(static_cast<float>(y[0].tensor.as<BFloat16>()[i]), static_cast<float>((i % 128) << (i / 1100))) << i;
  }
  EXPECT_THAT(values<bool>(run_op({"Less"}, {vec<Half>({Half(1.0f), Half(kNaN)}), Tensor::scalar(Half(2.0f))})),
              ElementsAre(true, false));
}

TEST(Elementwise, ComparesStringsAndBools) {
  EXPECT_THAT(values<bool>(run_op({"Equal"}, {vec<std::string>({"a", "b"}), vec<std::string>({"b"})})),
              ElementsAre(false, true));
  EXPECT_THAT(values<bool>(run_op({"Equal"}, {vec<bool>({true, false}), Tensor::scalar(false)})),
              ElementsAre(false, true));
}

TEST(Elementwise, ComparisonsWithNaNAreFalse) {
  const Tensor a = vec<float>({kNaN, 1, 2, 3, kNaN, 5, 6, 7, kNaN, 1});
  const Tensor b = vec<float>({kNaN, 1, 1, 4, 5, kNaN, 6, 7, kNaN, 0});
  EXPECT_THAT(values<bool>(run_op({"GreaterOrEqual"}, {a, b})), ElementsAre(0, 1, 1, 0, 0, 0, 1, 1, 0, 1));
  EXPECT_THAT(values<bool>(run_op({"Less"}, {a, b})), ElementsAre(0, 0, 0, 1, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(values<bool>(run_op({"Equal"}, {a, b})), ElementsAre(0, 1, 0, 0, 0, 0, 1, 1, 0, 0));
}

TEST(Elementwise, LegacyBroadcastingPlacesBAtAnAxis) {
  const OpCall call{"Add", 6, {{"broadcast", int64_t{1}}, {"axis", int64_t{0}}}};
  EXPECT_THAT(values<float>(run_op(call, {iota({2, 3}), vec<float>({10, 20})})), ElementsAre(10, 11, 12, 23, 24, 25));
  const OpCall suffix{"Add", 6, {{"broadcast", int64_t{1}}}};
  EXPECT_THAT(values<float>(run_op(suffix, {iota({2, 2}), vec<float>({10, 20})})), ElementsAre(10, 21, 12, 23));
  EXPECT_THROW(run_op({"Add", 6}, {iota({2, 3}), vec<float>({10, 20, 30})}), Error);
  const OpCall beyond{"Add", 6, {{"broadcast", int64_t{1}}, {"axis", int64_t{7}}}};
  EXPECT_THROW(run_op(beyond, {iota({2, 3}), vec<float>({10, 20})}), Error);
}

TEST(Where, BroadcastsAllThree) {
  const Tensor condition = Tensor::of<bool>({2, 1}, {true, false});
  EXPECT_THAT(values<float>(run_op({"Where"}, {condition, vec<float>({1, 2, 3}), Tensor::scalar(9.0f)})),
              ElementsAre(1, 2, 3, 9, 9, 9));
  const Tensor wide = vec<bool>({true, false, false, true, true, false, true, false, true, false, false});
  EXPECT_THAT(values<float>(run_op({"Where"}, {wide, Tensor::scalar(-1.0f), iota({11})})),
              ElementsAre(-1, 1, 2, -1, -1, 5, -1, 7, -1, 9, 10));
  EXPECT_THAT(values<std::string>(
                  run_op({"Where"}, {vec<bool>({true, false}), vec<std::string>({"a", "b"}), vec<std::string>({"c"})})),
              ElementsAre("a", "c"));
  const uint8_t packed_x[] = {0x21, 0x03};
  const uint8_t packed_y[] = {0x65, 0x07};
  const auto y = run_op({"Where"}, {vec<bool>({true, false, true}), Tensor::over(DType::U4, {3}, packed_x, nullptr),
                                    Tensor::over(DType::U4, {3}, packed_y, nullptr)});
  EXPECT_EQ(y[0].tensor.data<uint8_t>()[0], 0x61);
  EXPECT_EQ(y[0].tensor.data<uint8_t>()[1] & 0xf, 0x03);
}

TEST(Mod, TakesTheSignOfEither) {
  const Tensor a = vec<int32_t>({7, -7, 7, -7, 5, std::numeric_limits<int32_t>::min()});
  const Tensor b = vec<int32_t>({3, 3, -3, -3, 0, -1});
  EXPECT_THAT(values<int32_t>(run_op({"Mod"}, {a, b})), ElementsAre(1, 2, -2, -1, 0, 0));
  const OpCall c{"Mod", 13, {{"fmod", int64_t{1}}}};
  EXPECT_THAT(values<int32_t>(run_op(c, {a, b})), ElementsAre(1, -1, 1, -1, 0, 0));
  const Tensor x = vec<float>({5.5f, -5.5f, 5.5f});
  EXPECT_THAT(values<float>(run_op(c, {x, vec<float>({2, 2, -2})})), ElementsAre(1.5f, -1.5f, 1.5f));
  EXPECT_THAT(values<float>(run_op({"Mod"}, {x, vec<float>({2, 2, -2})})), ElementsAre(1.5f, 0.5f, -0.5f));
}

TEST(Bitwise, ShiftsByTheWidthGiveZero) {
  const Tensor x = vec<uint8_t>({3, 3, 200, 200});
  const Tensor by = vec<uint8_t>({1, 8, 255, 7});
  EXPECT_THAT(values<uint8_t>(run_op({"BitShift", 11, {{"direction", "LEFT"}}}, {x, by})), ElementsAre(6, 0, 0, 0));
  EXPECT_THAT(values<uint8_t>(run_op({"BitShift", 11, {{"direction", "RIGHT"}}}, {x, by})), ElementsAre(1, 0, 0, 1));
  EXPECT_THROW(run_op({"BitShift", 11, {{"direction", "UP"}}}, {x, by}), Error);
  EXPECT_THAT(values<int16_t>(run_op({"BitwiseNot"}, {vec<int16_t>({0, 5})})), ElementsAre(-1, -6));
}

TEST(Extremum, PropagatesNaN) {
  const Tensor a = vec<float>({kNaN, 1, 2});
  const Tensor b = vec<float>({1, kNaN, 3});
  const auto max = values<float>(run_op({"Max"}, {a, b, Tensor::scalar(0.0f)}));
  EXPECT_TRUE(std::isnan(max[0]) && std::isnan(max[1]));
  EXPECT_EQ(max[2], 3);
  const auto min = run_op({"Min"}, {vec<double>({kNaN, 1}), vec<double>({1, kNaN})});
  EXPECT_TRUE(std::isnan(values<double>(min)[0]) && std::isnan(values<double>(min)[1]));
  EXPECT_THAT(values<uint64_t>(run_op({"Max"}, {vec<uint64_t>({1, ~uint64_t{0}}), vec<uint64_t>({2, 3})})),
              ElementsAre(2, ~uint64_t{0}));
}

// None of the first two has the result's shape.
TEST(Variadic, FoldsSmallOperandsFirst) {
  EXPECT_THAT(values<float>(run_op({"Sum"}, {Tensor::scalar(1.0f), vec<float>({1, 2}), iota({2, 2})})),
              ElementsAre(2, 4, 4, 6));
  EXPECT_THAT(values<float>(run_op({"Max"}, {vec<float>({1, 2})})), ElementsAre(1, 2));
  EXPECT_THROW(run_op({"Max", 6}, {iota({2}), iota({2, 2})}), Error);
}

TEST(Variadic, NarrowFloatsAreRoundedOnce) {
  const Tensor large = vec<Half>({Half(60000.0f), Half(1.0f)});
  const auto mean = run_op({"Mean"}, {large, large, large});
  EXPECT_EQ(static_cast<float>(mean[0].tensor.as<Half>()[0]), static_cast<float>(Half(60000.0f)));
  const Tensor small = Tensor::scalar(BFloat16(0x1p-8f));
  const auto sum = run_op({"Sum"}, {vec<BFloat16>({BFloat16(1.0f)}), small, small});
  EXPECT_EQ(static_cast<float>(sum[0].tensor.as<BFloat16>()[0]), 1.0078125f);
  EXPECT_THAT(values<double>(run_op({"Mean"}, {vec<double>({1, 2}), vec<double>({2, 4})})), ElementsAre(1.5, 3));
}

TEST(Pow, MixesTypes) {
  EXPECT_THAT(values<float>(run_op({"Pow"}, {vec<float>({2, 3, -2}), vec<int64_t>({3, -1, 3})})),
              ElementsAre(8, 1.0f / 3, -8));
  EXPECT_THAT(values<float>(run_op({"Pow"}, {vec<float>({1.5f, -3}), vec<int64_t>({2})})), ElementsAre(2.25f, 9));
  EXPECT_THAT(values<int32_t>(run_op({"Pow"}, {vec<int32_t>({3, -1, 0, 2}), vec<int64_t>({4, -3, -1, 40})})),
              ElementsAre(81, -1, 0, 0));
  EXPECT_THAT(values<int64_t>(run_op({"Pow"}, {vec<int64_t>({4, 3}), vec<float>({0.5f, 2})})), ElementsAre(2, 9));
  const auto half = run_op({"Pow"}, {vec<Half>({Half(2.0f), Half(9.0f)}), vec<float>({4, 0.5f})});
  EXPECT_EQ(static_cast<float>(half[0].tensor.as<Half>()[0]), 16);
  EXPECT_EQ(static_cast<float>(half[0].tensor.as<Half>()[1]), 3);
}

TEST(PRelu, BroadcastsTheSlope) {
  const Tensor x = Tensor::of<float>({1, 2, 2}, {-1, 2, -3, -4});
  EXPECT_THAT(values<float>(run_op({"PRelu", 6}, {x, vec<float>({10, 100})})), ElementsAre(-10, 2, -300, -400));
  EXPECT_THAT(values<float>(run_op({"PRelu"}, {x, vec<float>({10, 100})})), ElementsAre(-10, 2, -30, -400));
  EXPECT_THAT(values<int32_t>(run_op({"PRelu"}, {vec<int32_t>({-1, 5}), Tensor::scalar(int32_t{3})})),
              ElementsAre(-3, 5));
  EXPECT_THROW(run_op({"PRelu"}, {vec<float>({1}), vec<float>({1, 2})}), Error);
}

TEST(Clip, TakesBoundsOfEveryType) {
  const Tensor x = vec<int8_t>({-128, 0, 127});
  EXPECT_THAT(values<int8_t>(run_op({"Clip"}, {x, Tensor::scalar(int8_t{-5})})), ElementsAre(-5, 0, 127));
  EXPECT_THAT(values<int8_t>(run_op({"Clip"}, {x, Tensor(), Tensor::scalar(int8_t{5})})), ElementsAre(-128, 0, 5));
  const auto half =
      run_op({"Clip"}, {vec<Half>({Half(-3.0f), Half(kNaN), Half(9.0f)}), Tensor(), Tensor::scalar(Half(2.0f))});
  EXPECT_EQ(static_cast<float>(half[0].tensor.as<Half>()[0]), -3);
  EXPECT_TRUE(std::isnan(static_cast<float>(half[0].tensor.as<Half>()[1])));
  EXPECT_EQ(static_cast<float>(half[0].tensor.as<Half>()[2]), 2);
  EXPECT_THAT(values<float>(run_op({"Clip", 6, {{"min", 0.0f}}}, {vec<float>({-1, 2})})), ElementsAre(0, 2));
  EXPECT_THROW(run_op({"Clip"}, {vec<float>({1}), vec<float>({1, 2})}), Error);
}

const Dim kSeq = Dim::symbol("seq");

Dims contents_of(const OpCall& call, const std::vector<KnownInput>& inputs) {
  return infer_op(call, inputs)[0].contents.value_or(Dims{-999});
}

KnownInput scalar_input(Dim value) {
  return {ValueType::tensor(DType::I64, Dims{}), Dims{value}};
}

TEST(ElementwiseInference, FollowsShapeArithmetic) {
  EXPECT_EQ(contents_of({"Add"}, {vector_input({kSeq, 2}), scalar_input(1)}), (Dims{kSeq + 1, 3}));
  EXPECT_EQ(contents_of({"Mul"}, {scalar_input(2), vector_input({kSeq})}), (Dims{kSeq * 2}));
  EXPECT_EQ(contents_of({"Div"}, {scalar_input(kSeq * 4 + 2), scalar_input(2)}), (Dims{kSeq * 2 + 1}));
  EXPECT_EQ(contents_of({"Div"}, {scalar_input(-7), scalar_input(2)}), (Dims{-3}));
  EXPECT_FALSE(infer_op({"Div"}, {scalar_input(kSeq), scalar_input(0)})[0].contents);
  EXPECT_FALSE(infer_op({"Mul"}, {scalar_input(int64_t{1} << 62), scalar_input(4)})[0].contents);
}

TEST(ElementwiseInference, DecidesComparisonsForAllValues) {
  EXPECT_EQ(contents_of({"Equal"}, {vector_input({kSeq, -1, kSeq}), vector_input({-1, -1, kSeq})}), (Dims{0, 1, 1}));
  EXPECT_FALSE(infer_op({"Equal"}, {scalar_input(kSeq), scalar_input(4)})[0].contents);
  EXPECT_EQ(contents_of({"Less"}, {scalar_input(kSeq), scalar_input(kSeq + 1)}), (Dims{1}));
  EXPECT_EQ(contents_of({"Less"}, {scalar_input(kSeq), scalar_input(0)}), (Dims{0}));
  EXPECT_FALSE(infer_op({"Less"}, {scalar_input(kSeq), scalar_input(1)})[0].contents);
  EXPECT_EQ(contents_of({"GreaterOrEqual"}, {scalar_input(kSeq), scalar_input(0)}), (Dims{1}));
  EXPECT_EQ(contents_of({"LessOrEqual"}, {scalar_input(kSeq + 1), scalar_input(kSeq)}), (Dims{0}));
}

TEST(ElementwiseInference, ChoosesElements) {
  const KnownInput condition{ValueType::tensor(DType::Bool, Dims{3}), Dims{1, 0, 1}};
  EXPECT_EQ(contents_of({"Where"}, {condition, scalar_input(1), vector_input({kSeq, kSeq, 3})}), (Dims{1, kSeq, 1}));
  EXPECT_EQ(contents_of({"Not"}, {condition}), (Dims{0, 1, 0}));
  EXPECT_EQ(contents_of({"Or"}, {condition, condition}), (Dims{1, 0, 1}));
}

TEST(ElementwiseInference, BoundsElements) {
  EXPECT_EQ(contents_of({"Max"}, {vector_input({kSeq, -3}), scalar_input(0), scalar_input(-1)}), (Dims{kSeq, 0}));
  EXPECT_EQ(contents_of({"Min"}, {vector_input({kSeq, 3}), scalar_input(8)}), (Dims{min(kSeq, 8), 3}));
  EXPECT_EQ(contents_of({"Clip"}, {vector_input({kSeq, -3}), scalar_input(0), scalar_input(8)}),
            (Dims{min(kSeq, 8), 0}));
  EXPECT_EQ(contents_of({"Mod"}, {vector_input({kSeq * 4 + 3, -3}), scalar_input(4)}), (Dims{3, 1}));
}

// Wrapped around, elements would be other ones.
TEST(ElementwiseInference, DropsElementsOutsideTheType) {
  const KnownInput bytes{ValueType::tensor(DType::U8, Dims{1}), Dims{200}};
  EXPECT_FALSE(infer_op({"Add"}, {bytes, bytes})[0].contents);
  EXPECT_EQ(contents_of({"Sub"}, {bytes, bytes}), (Dims{0}));
}

TEST(ElementwiseInference, BroadcastsDims) {
  const Dim batch = Dim::symbol("batch");
  const auto y = infer_op({"Add"}, {tensor_input(DType::F32, {batch, 1, kSeq}), tensor_input(DType::F32, {8, 1})});
  EXPECT_EQ(*y[0].type.dims, (Dims{batch, 8, kSeq}));
  EXPECT_THROW(infer_op({"Add"}, {tensor_input(DType::F32, {2}), tensor_input(DType::I64, {2})}), Error);
  const auto less = infer_op({"Less"}, {tensor_input(DType::F32, {kSeq}), tensor_input(DType::F32, {})});
  EXPECT_EQ(less[0].type.str(), "bool[seq]");
}

}  // namespace
}  // namespace mica
