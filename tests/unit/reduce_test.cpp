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

// The result of one function over `elements`, in 64 bits where these are integers, else in double.
template <class T>
double expected(const std::string& function, const std::vector<T>& elements) {
  using Wide = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;
  Wide sum = 0, squares = 0, magnitudes = 0, product = 1;
  double exponentials = 0;
  T largest = elements[0], least = elements[0];
  for (const T x : elements) {
    const Wide wide = static_cast<Wide>(x);
    sum += wide;
    squares += wide * wide;
    magnitudes += x < T(0) ? Wide{0} - wide : wide;
    product *= wide;
    exponentials += std::exp(static_cast<double>(x));
    largest = std::max(largest, x);
    least = std::min(least, x);
  }
  const auto count = static_cast<double>(elements.size());
  // As NumPy: a sum is of the elements' type, and a mean is cut off towards zero.
  const double number = std::is_signed_v<T> && std::is_integral_v<T> ? static_cast<double>(static_cast<int64_t>(sum))
                                                                     : static_cast<double>(sum);
  const auto wrapped = [](Wide value) { return static_cast<double>(static_cast<T>(value)); };
  const auto whole = [](double value) {
    if (!std::is_integral_v<T>) return value;
    const auto lowest = static_cast<double>(std::numeric_limits<T>::lowest());
    return std::trunc(std::clamp(value, lowest, static_cast<double>(std::numeric_limits<T>::max())));
  };
  if (function == "ReduceSum") return wrapped(sum);
  if (function == "ReduceMean") return whole(number / count);
  if (function == "ReduceSumSquare") return wrapped(squares);
  if (function == "ReduceL1") return wrapped(magnitudes);
  if (function == "ReduceL2") return whole(std::sqrt(static_cast<double>(squares)));
  if (function == "ReduceLogSum") return whole(std::log(number));
  if (function == "ReduceLogSumExp") return whole(std::log(exponentials));
  if (function == "ReduceProd") return wrapped(product);
  return static_cast<double>(function == "ReduceMax" ? largest : least);
}

// Every function of every type but the narrow floats, along rows and columns of several lengths.
TEST(Reduce, EveryFunctionOfEveryType) {
  const Shape shape{3, 37, 19};
  const auto check = [&]<class T>() {
    std::mt19937 random(7);
    std::vector<T> x(static_cast<size_t>(shape.elements()));
    for (T& value : x) {
      if constexpr (std::is_integral_v<T>) {
        value = static_cast<T>(static_cast<int>(random() % 200) - (std::is_signed_v<T> ? 90 : 0));
      } else {
        value = static_cast<T>(random() % 4096) / T(2048) + T(0.0625);
      }
    }
    for (const std::vector<int64_t>& axes : {std::vector<int64_t>{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}}) {
      const auto stays = [&](int64_t axis) { return std::find(axes.begin(), axes.end(), axis) == axes.end(); };
      std::vector<std::vector<T>> reduced;  // the elements that make each output
      for (int64_t i = 0; i < shape.elements(); ++i) {
        int64_t at = 0;
        for (size_t axis = 0; axis < 3; ++axis) {
          if (stays(static_cast<int64_t>(axis))) at = at * shape[axis] + i / shape.elements(axis + 1, 3) % shape[axis];
        }
        reduced.resize(std::max(reduced.size(), static_cast<size_t>(at) + 1));
        reduced[static_cast<size_t>(at)].push_back(x[static_cast<size_t>(i)]);
      }
      for (const std::string function : {"ReduceSum", "ReduceMean", "ReduceSumSquare", "ReduceL1", "ReduceL2",
                                         "ReduceLogSum", "ReduceLogSumExp", "ReduceProd", "ReduceMax", "ReduceMin"}) {
        const auto y = run_op({function, 11, {{"axes", axes}, {"keepdims", 1}}}, {Tensor::view<T>(shape, x)})[0].tensor;
        ASSERT_EQ(static_cast<size_t>(y.elements()), reduced.size());
        for (size_t o = 0; o < reduced.size(); ++o) {
          const double e = expected(function, reduced[o]);
          const auto result = static_cast<double>(y.template as<T>()[o]);
          if (std::isnan(e)) {
            ASSERT_TRUE(std::is_integral_v<T> ? result == 0 : std::isnan(result)) << function << " " << y.str();
          } else if (std::is_integral_v<T> && function == "ReduceLogSumExp") {
            ASSERT_NEAR(result, e, 1) << function << " " << y.str() << " " << o;  // cut off beside a whole number
          } else if (std::is_integral_v<T>) {
            ASSERT_EQ(result, e) << function << " " << y.str() << " " << o;
          } else {
            const double places = sizeof(T) == 4 ? tolerance::sum(shape.elements()) : 1e-11;
            ASSERT_NEAR(result, e, places * std::abs(e)) << function << " " << y.str() << " " << o;
          }
        }
      }
    }
  };
  check.operator()<int8_t>();
  check.operator()<uint8_t>();
  check.operator()<int16_t>();
  check.operator()<uint16_t>();
  check.operator()<int32_t>();
  check.operator()<uint32_t>();
  check.operator()<int64_t>();
  check.operator()<uint64_t>();
  check.operator()<double>();
  check.operator()<float>();
}

TEST(Reduce, ExtremesOfBool) {
  const bool x[] = {false, false, true, false, true, true};
  const Tensor tensor = Tensor::view<bool>({3, 2}, x);
  const auto largest = run_op({"ReduceMax", 20, {{"keepdims", 0}}}, {tensor, Tensor::of<int64_t>({1}, {1})})[0].tensor;
  const auto least = run_op({"ReduceMin", 20, {{"keepdims", 0}}}, {tensor, Tensor::of<int64_t>({1}, {1})})[0].tensor;
  EXPECT_FALSE(largest.as<bool>()[0]);
  EXPECT_TRUE(largest.as<bool>()[1] && largest.as<bool>()[2]);
  EXPECT_TRUE(!least.as<bool>()[0] && !least.as<bool>()[1] && least.as<bool>()[2]);
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
