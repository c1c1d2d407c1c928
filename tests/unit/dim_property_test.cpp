// Dims made by random operators, against the same operators on numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "graph/dim.h"
#include "graph/dim_broadcast.h"
#include "graph/dim_program.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

constexpr int kSamples = 6;  // tuples of symbol values that each expression is evaluated at
constexpr std::array<const char*, 3> kNames = {"a", "b", "c"};

using Number = std::optional<int64_t>;  // nothing where a divisor is 0, or two do not broadcast
using Numbers = std::array<Number, kSamples>;

struct Pair {
  Dim dim;
  Numbers numbers;
};

int64_t floor_quotient(int64_t a, int64_t b) {
  return (a - ((a % b) + b) % b) / b;
}

Number broadcast_of(int64_t a, int64_t b) {
  if (a == 1) return b;
  return b == 1 || a == b ? Number(a) : Number();
}

class RandomDims : public testing::TestWithParam<uint32_t> {
 protected:
  RandomDims() : random_(GetParam()) {
    for (SymbolValues& values : samples_) {
      for (const char* name : kNames) values[name] = pick(0, pick(0, 1) == 0 ? 3 : 40);
    }
  }

  int64_t pick(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }

  Pair make(int depth) {
    if (depth == 0 || pick(0, 5) == 0) return pick(0, 2) == 0 ? constant() : symbol();
    const Pair a = make(depth - 1);
    const Pair b = make(depth - 1);
    switch (pick(0, 9)) {
      case 0:
        return {a.dim + b.dim, apply(a, b, [](int64_t x, int64_t y) { return x + y; })};
      case 1:
        return {a.dim - b.dim, apply(a, b, [](int64_t x, int64_t y) { return x - y; })};
      case 2:
        return {a.dim * b.dim, apply(a, b, [](int64_t x, int64_t y) { return x * y; })};
      case 3:
        return {min(a.dim, b.dim), apply(a, b, [](int64_t x, int64_t y) { return std::min(x, y); })};
      case 4:
        return {max(a.dim, b.dim), apply(a, b, [](int64_t x, int64_t y) { return std::max(x, y); })};
      case 5:
        return {broadcast(a.dim, b.dim), apply(a, b, broadcast_of)};
      default:
        return quotient(a, b.dim.is(0) || pick(0, 1) == 0 ? constant(1) : b);
    }
  }

  std::array<SymbolValues, kSamples> samples_;

 private:
  Pair symbol() {
    const char* name = kNames[static_cast<size_t>(pick(0, 2))];
    Pair result{Dim::symbol(name), {}};
    for (size_t i = 0; i < kSamples; ++i) result.numbers[i] = samples_[i].at(name);
    return result;
  }

  Pair constant(int64_t low = -3) {
    const int64_t value = pick(low, 6);
    Pair result{value, {}};
    result.numbers.fill(value);
    return result;
  }

  Pair quotient(const Pair& a, const Pair& b) {
    const auto divide = [&](auto f) {
      return apply(a, b, [f](int64_t x, int64_t y) { return y == 0 ? Number() : Number(f(x, y)); });
    };
    switch (pick(0, 4)) {
      case 0:
        return {ceil_div(a.dim, b.dim), divide([](int64_t x, int64_t y) { return -floor_quotient(-x, y); })};
      case 1:
        return {truncate_div(a.dim, b.dim), divide([](int64_t x, int64_t y) { return x / y; })};
      case 2:
        return {modulo(a.dim, b.dim), divide([](int64_t x, int64_t y) { return x - y * floor_quotient(x, y); })};
      default:
        return {floor_div(a.dim, b.dim), divide(floor_quotient)};
    }
  }

  template <class F>
  static Numbers apply(const Pair& a, const Pair& b, F f) {
    Numbers result;
    for (size_t i = 0; i < kSamples; ++i) {
      if (a.numbers[i] && b.numbers[i]) result[i] = f(*a.numbers[i], *b.numbers[i]);
    }
    return result;
  }

  std::mt19937 random_;
};

TEST_P(RandomDims, AreWhatTheirOperatorsCompute) {
  for (int round = 0; round < 60; ++round) {
    const auto [dim, numbers] = make(4);
    const auto lower = dim.lower_bound();
    for (size_t i = 0; i < kSamples; ++i) {
      if (!numbers[i]) continue;
      EXPECT_EQ(evaluate(dim, samples_[i]), *numbers[i]) << dim.str();
      if (lower) {
        EXPECT_LE(*lower, *numbers[i]) << dim.str();
      }
    }
  }
}

TEST_P(RandomDims, AreWhatTheirProgramsCompute) {
  for (int round = 0; round < 30; ++round) {
    const auto [dim, numbers] = make(3);
    DimProgram program({kNames.begin(), kNames.end()});
    const auto result = program.add(dim);
    ASSERT_TRUE(result);
    for (size_t i = 0; i < kSamples; ++i) {
      if (!numbers[i]) continue;
      std::vector<int64_t> symbols, registers(program.registers());
      for (const char* name : kNames) symbols.push_back(samples_[i].at(name));
      EXPECT_TRUE(program.evaluate(symbols, registers)) << dim.str();
      EXPECT_EQ(registers[*result], *numbers[i]) << dim.str();
    }
  }
}

TEST_P(RandomDims, SubstituteInSteps) {
  for (int round = 0; round < 30; ++round) {
    const auto [dim, numbers] = make(3);
    for (size_t i = 0; i < kSamples; ++i) {
      if (!numbers[i]) continue;
      SymbolValues first = samples_[i];
      const auto rest = first.extract("b");
      const Dim partial = substitute(dim, first);
      EXPECT_FALSE(partial.symbols().contains("a"));
      EXPECT_EQ(evaluate(partial, samples_[i]), *numbers[i]) << dim.str() << " -> " << partial.str();
      EXPECT_EQ(substitute(dim, samples_[i]), Dim(*numbers[i])) << dim.str();
    }
  }
}

TEST_P(RandomDims, AreEqualOnlyWhereTheirNumbersAre) {
  std::vector<Pair> pairs;
  for (int round = 0; round < 120; ++round) pairs.push_back(make(2));
  for (const Pair& x : pairs) {
    for (const Pair& y : pairs) {
      EXPECT_EQ(x.dim == y.dim, x.dim.str() == y.dim.str());
      if (!(x.dim == y.dim)) continue;
      for (size_t i = 0; i < kSamples; ++i) {
        if (x.numbers[i] && y.numbers[i]) {
          EXPECT_EQ(x.numbers[i], y.numbers[i]) << x.dim.str();
        }
      }
    }
  }
}

TEST_P(RandomDims, DivideExactly) {
  for (int round = 0; round < 60; ++round) {
    const Dim a = make(2).dim;
    const Dim b = make(2).dim;
    if (!b.is(0)) {
      EXPECT_EQ(exact_div(a * b, b), a) << a.str() << " times " << b.str();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomDims, testing::Range(0u, 10u));

}  // namespace
}  // namespace mica
