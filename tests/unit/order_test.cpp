// Orders of elements: ArgMax, ArgMin, TopK, Unique and CumSum, where equal elements and NaN count.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/reduce/order_keys.h"
#include "kernels/reduce/stable_order.h"
#include "runtime/base/half.h"
#include "tests/unit/run_op.h"

namespace mica {
namespace {

template <class T>
void expect_ascending(const std::vector<T>& ascending) {
  const int64_t n = static_cast<int64_t>(ascending.size());
  std::vector<uint64_t> up(ascending.size()), down(ascending.size());
  ASSERT_TRUE(order_keys(dtype_of<T>, ascending.data(), n, 1, false, true, up.data()));
  ASSERT_TRUE(order_keys(dtype_of<T>, ascending.data(), n, 1, true, true, down.data()));
  for (size_t i = 1; i < ascending.size(); ++i) {
    EXPECT_LT(up[i - 1], up[i]) << name(dtype_of<T>) << " " << i;
    EXPECT_GT(down[i - 1], down[i]) << name(dtype_of<T>) << " " << i;
  }
}

template <class T>
std::vector<T> ends_of_integers() {
  using Limits = std::numeric_limits<T>;
  if (std::is_unsigned_v<T>) return {0, 1, 2, Limits::max() / 2, Limits::max() / 2 + 1, Limits::max()};
  return {Limits::min(), Limits::min() + 1, static_cast<T>(-1), 0, 1, Limits::max()};
}

template <class T>
void expect_float_order() {
  const float infinity = std::numeric_limits<float>::infinity();
  const T least = T(std::is_same_v<T, Half> ? 6e-8f : 1e-40f);
  const std::vector<T> ascending{T(-infinity), T(-2.0f), T(-1.0f),   T(-static_cast<float>(least)), T(0.0f), least,
                                 T(1.0f),      T(1.5f),  T(infinity)};
  expect_ascending(ascending);
  const T values[] = {T(0.0f), T(-0.0f), T(std::nanf("")), T(-std::nanf("")), T(infinity), T(-infinity)};
  for (const bool descending : {false, true}) {
    uint64_t last[6], first[6];
    order_keys(dtype_of<T>, values, 6, 1, descending, true, last);
    order_keys(dtype_of<T>, values, 6, 1, descending, false, first);
    EXPECT_EQ(last[0], last[1]);
    EXPECT_EQ(last[2], last[3]);
    EXPECT_GT(last[2], std::max(last[4], last[5]));
    EXPECT_LT(first[2], std::min(first[4], first[5]));
  }
}

TEST(OrderKeys, FollowTheOrderOfEveryType) {
  expect_ascending(ends_of_integers<int8_t>());
  expect_ascending(ends_of_integers<uint8_t>());
  expect_ascending(ends_of_integers<int16_t>());
  expect_ascending(ends_of_integers<uint16_t>());
  expect_ascending(ends_of_integers<int32_t>());
  expect_ascending(ends_of_integers<uint32_t>());
  expect_ascending(ends_of_integers<int64_t>());
  expect_ascending(ends_of_integers<uint64_t>());
  expect_float_order<float>();
  expect_float_order<double>();
  expect_float_order<Half>();
  expect_float_order<BFloat16>();
}

TEST(StableOrder, KeepsEquals) {
  for (const int64_t n : {0, 1, 2, 3, 7, 64, 100}) {
    const auto key = [](int64_t i) { return i * 37 % 10; };
    const auto order = stable_order(n, [&](int64_t a, int64_t b) { return key(a) < key(b); });
    ASSERT_EQ(order.size(), static_cast<size_t>(n));
    for (size_t i = 1; i < order.size(); ++i) {
      const int64_t a = order[i - 1], b = order[i];
      EXPECT_TRUE(key(a) < key(b) || (key(a) == key(b) && a < b)) << n << " " << i;
    }
  }
}

// Rows of several blocks of the loops, as floats, which have loops of their own, and as doubles.
TEST(ArgExtreme, FindsTheFirstOrTheLastOfEquals) {
  constexpr int64_t kWidth = 2600;
  const auto check = [&]<class T>(const char* op, T extreme, std::vector<int64_t> places) {
    std::vector<T> x(kWidth);
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(static_cast<int>(i * 7 % 100) - 50);
    for (const int64_t place : places) x[static_cast<size_t>(place)] = extreme;
    for (const int64_t last : {0, 1}) {
      const OpCall call{op, 13, {{"axis", int64_t{1}}, {"select_last_index", last}}};
      const auto row = run_op(call, {Tensor::view<T>({1, kWidth}, x)})[0].tensor;
      EXPECT_EQ(row.template as<int64_t>()[0], last == 0 ? places.front() : places.back()) << op << " " << last;
      const auto column = run_op(call, {Tensor::view<T>({1, kWidth, 1}, x)})[0].tensor;
      EXPECT_EQ(column.template as<int64_t>()[0], row.template as<int64_t>()[0]);
    }
  };
  for (const std::vector<int64_t>& places :
       {std::vector<int64_t>{0}, {2599}, {1023, 1024}, {5, 300, 2000}, {1500, 1501}}) {
    check("ArgMax", 90.0f, places);
    check("ArgMin", -90.0f, places);
    check("ArgMax", 90.0, places);
    check("ArgMin", -90.0, places);
    check("ArgMax", std::nanf(""), places);
    check("ArgMin", std::nanf(""), places);
    check("ArgMin", std::nan(""), places);
    check("ArgMax", int64_t{90}, places);
    check("ArgMin", int8_t{-90}, places);
  }
}

TEST(TopK, OfColumnsPutsNaNFirstAndEqualsInOrder) {
  const float nan = std::nanf("");
  const auto x = Tensor::of<float>({4, 2}, {1, nan, 3, 2, 3, nan, 0, 5});
  const auto y = run_op({"TopK", 11, {{"axis", int64_t{0}}}, 2}, {x, Tensor::of<int64_t>({1}, {3})});
  const auto indices = y[1].tensor.as<int64_t>();
  EXPECT_EQ(std::vector<int64_t>(indices.begin(), indices.end()), (std::vector<int64_t>{1, 0, 2, 2, 0, 3}));
  EXPECT_EQ(y[0].tensor.as<float>()[2], 3);
  EXPECT_EQ(y[0].tensor.as<float>()[5], 5);
  const auto least =
      run_op({"TopK", 11, {{"axis", int64_t{0}}, {"largest", int64_t{0}}}, 2}, {x, Tensor::of<int64_t>({1}, {3})});
  const auto places = least[1].tensor.as<int64_t>();
  EXPECT_EQ(std::vector<int64_t>(places.begin(), places.end()), (std::vector<int64_t>{3, 1, 0, 3, 1, 0}));
}

TEST(CumSum, OfLinesAndColumnsInPlaceOrder) {
  const Shape shape{2, 5, 70};
  std::vector<int32_t> x(static_cast<size_t>(shape.elements()));
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int32_t>(i % 13) - 6;
  for (const int64_t axis : {0, 1, 2}) {
    const auto result = run_op({"CumSum", 14, {{"reverse", int64_t{1}}, {"exclusive", int64_t{1}}}},
                               {Tensor::view<int32_t>(shape, x), Tensor::scalar(axis)})[0]
                            .tensor;
    const auto y = result.as<int32_t>();
    const int64_t step = shape.elements(static_cast<size_t>(axis) + 1, 3), width = shape[static_cast<size_t>(axis)];
    for (int64_t i = 0; i < shape.elements(); ++i) {
      int32_t sum = 0;
      for (int64_t k = 1; i / step % width + k < width; ++k) sum += x[static_cast<size_t>(i + k * step)];
      ASSERT_EQ(y[static_cast<size_t>(i)], sum) << axis << " " << i;
    }
  }
}

}  // namespace
}  // namespace mica
