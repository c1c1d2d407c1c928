// Reductions: every vector loop of every instruction set this CPU has against double, and all sets of axes.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "kernels/reduce/reduce_simd.h"
#include "kernels/simd/isa.h"
#include "kernels/simd/storage.h"
#include "tests/unit/run_op.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

struct Function {
  const char* name;
  ReduceLoop<float> ReduceLoops<float>::*loop;
  std::function<double(double, double)> add;
  std::function<double(double)> magnitude;  ///< whose sum the rounding errors are relative to
};
const Function kFunctions[] = {
    {"sum", &ReduceLoops<float>::sum, [](double s, double x) { return s + x; }, [](double x) { return std::abs(x); }},
    {"sum_square", &ReduceLoops<float>::sum_square, [](double s, double x) { return s + x * x; },
     [](double x) { return x * x; }},
    {"sum_abs", &ReduceLoops<float>::sum_abs, [](double s, double x) { return s + std::abs(x); },
     [](double x) { return std::abs(x); }},
    {"maximum", &ReduceLoops<float>::maximum, [](double s, double x) { return std::max(s, x); }, nullptr},
    {"minimum", &ReduceLoops<float>::minimum, [](double s, double x) { return std::min(s, x); }, nullptr},
};

std::vector<float> numbers(int64_t count) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> distribution(-1, 2);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = distribution(random);
  return values;
}

TEST(Reduce, RowsAndColumnsMatchDouble) {
  for (const auto& [isa, table] : runnable(reduce_kernels_all())) {
    for (const Function& f : kFunctions) {
      const ReduceLoop<float>& loop = table->f32.*f.loop;
      for (const int64_t n : {1, 5, 8, 31, 32, 100, 4000}) {
        for (const int64_t columns : {1, 7, 8, 33, 64}) {
          const int64_t stride = columns + 3;
          const auto x = numbers(n * stride);
          std::vector<float> states(static_cast<size_t>(columns), static_cast<float>(loop.start));
          states.resize(65);
          loop.columns(x.data(), n, stride, states.data(), columns);
          for (int64_t j = 0; j < columns; ++j) {
            double exact = loop.start, magnitudes = 0;
            for (int64_t i = 0; i < n; ++i) {
              const double v = x[static_cast<size_t>(i * stride + j)];
              exact = f.add(exact, v);
              magnitudes += f.magnitude ? f.magnitude(v) : 0;
            }
            ASSERT_NEAR(states[static_cast<size_t>(j)], exact, tolerance::sum(n) * magnitudes)
                << isa << " " << f.name << " n " << n << " column " << j << " of " << columns;
          }
          EXPECT_EQ(states[static_cast<size_t>(columns)], 0) << "beyond the columns";
        }
        const auto x = numbers(n + 1);
        double exact = 7, magnitudes = 0;
        for (int64_t i = 1; i <= n; ++i) {
          exact = f.add(exact, x[static_cast<size_t>(i)]);
          magnitudes += f.magnitude ? f.magnitude(x[static_cast<size_t>(i)]) : 0;
        }
        // A lane adds up to 512 elements.
        ASSERT_NEAR(loop.row(x.data() + 1, n, 7), exact, tolerance::sum(std::min<int64_t>(n, 512)) * magnitudes)
            << isa << " " << f.name << " n " << n;
      }
    }
  }
}

TEST(Reduce, ExtremesKeepNaNAndProductsOverflowLate) {
  for (const auto& [isa, table] : runnable(reduce_kernels_all())) {
    for (const int64_t place : {0, 3, 17, 69}) {
      std::vector<float> x(70, 1);
      x[static_cast<size_t>(place)] = std::nanf("");
      EXPECT_TRUE(std::isnan(table->f32.maximum.row(x.data(), 70, table->f32.maximum.start))) << isa << place;
      EXPECT_TRUE(std::isnan(table->f32.minimum.row(x.data(), 70, table->f32.minimum.start))) << isa << place;
      float states[2] = {0, 0};
      table->f32.maximum.columns(x.data(), 35, 2, states, 2);
      EXPECT_TRUE(std::isnan(states[place % 2]) && states[1 - place % 2] == 1) << isa << place;
    }
    const std::vector<float> x(20, 2), low(3, -std::numeric_limits<float>::infinity());
    EXPECT_EQ(table->f32.product.row(x.data(), 20, 1), 1048576) << isa;
    EXPECT_EQ(table->f32.maximum.row(low.data(), 3, table->f32.maximum.start), low[0]) << isa;
  }
}

// The sum of all sets of axes of a tensor whose elements tell their places apart, against a loop over the elements.
TEST(Reduce, EverySetOfAxesOfEveryFloat) {
  const Shape shape{2, 3, 1, 5, 4};
  std::vector<float> x(static_cast<size_t>(shape.elements()));
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 61);  // sums are exact in a half
  for (uint32_t set = 1; set < 32; ++set) {
    std::vector<int64_t> axes;
    Shape kept = shape;
    for (size_t axis = 0; axis < 5; ++axis) {
      if ((set >> axis & 1) == 0) continue;
      axes.push_back(static_cast<int64_t>(axis));
      kept[axis] = 1;
    }
    std::vector<float> expected(static_cast<size_t>(kept.elements()));
    for (int64_t i = 0; i < shape.elements(); ++i) {
      int64_t at = 0;
      for (size_t axis = 0; axis < 5; ++axis) {
        const int64_t place = i / shape.elements(axis + 1, 5) % shape[axis];
        at = at * kept[axis] + ((set >> axis & 1) == 0 ? place : 0);
      }
      expected[static_cast<size_t>(at)] += x[static_cast<size_t>(i)];
    }
    const auto check = [&]<class T>() {
      const std::vector<T> typed(x.begin(), x.end());
      const auto y = run_op({"ReduceSum", 11, {{"axes", axes}}}, {Tensor::view<T>(shape, typed)});
      ASSERT_EQ(y[0].tensor.shape(), kept);
      for (size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(static_cast<float>(y[0].tensor.template as<T>()[i]), static_cast<float>(T(expected[i])))
            << set << " " << i;
      }
    };
    check.operator()<float>();
    check.operator()<Half>();
    check.operator()<BFloat16>();
    check.operator()<double>();
    check.operator()<int64_t>();
  }
}

TEST(Reduce, OfNothing) {
  const Tensor x(DType::F32, {2, 0, 3});
  const auto value = [&](const char* op, std::vector<int64_t> axes) {
    return run_op({op, 11, {{"axes", std::move(axes)}}}, {x})[0].tensor;
  };
  EXPECT_EQ(value("ReduceSum", {1}).as<float>()[5], 0);
  EXPECT_EQ(value("ReduceProd", {1, 2}).as<float>()[1], 1);
  EXPECT_EQ(value("ReduceMax", {1}).as<float>()[0], -std::numeric_limits<float>::infinity());
  EXPECT_EQ(value("ReduceMin", {0, 1, 2}).as<float>()[0], std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(value("ReduceMean", {1}).as<float>()[0]));
  EXPECT_EQ(value("ReduceL2", {0}).elements(), 0);
}

}  // namespace
}  // namespace mica
