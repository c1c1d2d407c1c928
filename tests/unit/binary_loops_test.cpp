// Vector loops of two operands and conversions of narrow floats, on every instruction set that this CPU has.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "kernels/elementwise/binary_simd.h"
#include "kernels/half_simd.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

const std::vector<float> kSpecial = {0.0f,     -0.0f,     1.0f,  -1.0f,  2.0f,        -2.0f,    0.5f,
                                     -0.5f,    3.0f,      -3.0f, 1e-40f, -1e-40f,     1e38f,    -1e38f,
                                     INFINITY, -INFINITY, NAN,   1.5f,   16777217.0f, 0.999999f};

std::vector<float> wide_samples() {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 2000003) {
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  for (float v = 0.7f; v < 1.6f; v += 0.00037f) x.push_back(v);
  return x;
}

template <class Table, class Check>
void on_every_isa(const IsaTables<Table>& tables, Check&& check) {
  for (size_t i = 0; i < tables.count; ++i) {
    if (!lacking(isas()[i]).empty()) continue;
    SCOPED_TRACE(tables.rows[i].isa);
    check(*tables.rows[i].table);
  }
}

TEST(BinaryLoops, PowIsWithinTolerance) {
  on_every_isa(binary_kernels_all(), [](const BinaryKernels& kernels) {
    for (const float exponent :
         {2.0f, 3.0f, 0.5f, -1.0f, 0.333333f, -0.75f, 10.0f, 100.5f, -217.0f, 1e-3f, 17.25f, 88.0f}) {
      const std::vector<float> x = wide_samples();
      std::vector<float> y(x.size());
      kernels.pow.repeat_b(x.data(), &exponent, y.data(), static_cast<int64_t>(x.size()));
      double worst = 0;
      float at = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        const double error = tolerance::ulps(y[i], std::pow(static_cast<double>(x[i]), static_cast<double>(exponent)));
        if (error > worst) worst = error, at = x[i];
      }
      EXPECT_LE(worst, tolerance::kPow) << at << " ^ " << exponent;
    }
  });
}

TEST(BinaryLoops, PowHasTheSpecialValuesOfTheCFunction) {
  on_every_isa(binary_kernels_all(), [](const BinaryKernels& kernels) {
    for (const float x : kSpecial) {
      std::vector<float> y(kSpecial.size());
      kernels.pow.repeat_a(&x, kSpecial.data(), y.data(), static_cast<int64_t>(y.size()));
      for (size_t i = 0; i < y.size(); ++i) {
        const float expected = std::pow(x, kSpecial[i]);
        EXPECT_LE(tolerance::ulps(y[i], expected), tolerance::kPow) << x << " ^ " << kSpecial[i] << " = " << y[i];
        EXPECT_TRUE(std::isnan(expected) || std::signbit(y[i]) == std::signbit(expected)) << x << " ^ " << kSpecial[i];
      }
    }
  });
}

struct Exact {
  const char* name;
  BinaryLoops BinaryKernels::*loops;
  std::function<float(float, float)> f;
};
const Exact kExact[] = {
    {"add", &BinaryKernels::add, [](float a, float b) { return a + b; }},
    {"sub", &BinaryKernels::sub, [](float a, float b) { return a - b; }},
    {"mul", &BinaryKernels::mul, [](float a, float b) { return a * b; }},
    {"div", &BinaryKernels::div, [](float a, float b) { return a / b; }},
    {"max", &BinaryKernels::max, [](float a, float b) { return std::isnan(a) || a > b ? a : b; }},
    {"min", &BinaryKernels::min, [](float a, float b) { return std::isnan(a) || a < b ? a : b; }},
    {"prelu", &BinaryKernels::prelu, [](float a, float b) { return a < 0 ? a * b : a; }},
};

bool same(float a, float b) {
  return std::isnan(a) ? std::isnan(b) : a == b;
}

// All lengths up to a few vectors, so that every remainder occurs; nothing may be written beyond.
TEST(BinaryLoops, ExactFunctionsInEveryForm) {
  on_every_isa(binary_kernels_all(), [](const BinaryKernels& kernels) {
    for (const Exact& function : kExact) {
      SCOPED_TRACE(function.name);
      const BinaryLoops& loops = kernels.*function.loops;
      for (size_t n = 0; n <= kSpecial.size(); ++n) {
        for (size_t shift = 0; shift < kSpecial.size(); ++shift) {
          std::vector<float> b(n);
          for (size_t i = 0; i < n; ++i) b[i] = kSpecial[(i + shift) % kSpecial.size()];
          const float first = kSpecial[shift];
          const auto count = static_cast<int64_t>(n);
          std::vector<float> both(n + 1, 7), once(n + 1, 7), in_place = b;
          loops.both(kSpecial.data(), b.data(), both.data(), count);
          loops.repeat_a(&first, b.data(), once.data(), count);
          loops.both(kSpecial.data(), in_place.data(), in_place.data(), count);
          for (size_t i = 0; i < n; ++i) {
            ASSERT_TRUE(same(both[i], function.f(kSpecial[i], b[i]))) << kSpecial[i] << ", " << b[i];
            ASSERT_TRUE(same(once[i], function.f(first, b[i]))) << first << ", " << b[i];
            ASSERT_TRUE(same(in_place[i], both[i]));
          }
          ASSERT_EQ(both[n], 7);
          ASSERT_EQ(once[n], 7);
        }
      }
    }
  });
}

TEST(BinaryLoops, ComparisonsAndSelection) {
  on_every_isa(binary_kernels_all(), [](const BinaryKernels& kernels) {
    for (size_t n = 0; n <= kSpecial.size(); ++n) {
      for (const float b : kSpecial) {
        std::vector<uint8_t> less(n + 1, 7), at_least(n + 1, 7);
        const auto count = static_cast<int64_t>(n);
        kernels.less.repeat_b(kSpecial.data(), &b, less.data(), count);
        kernels.greater_equal.repeat_b(kSpecial.data(), &b, at_least.data(), count);
        std::vector<float> chosen(n + 1, 7);
        const std::vector<float> minus(n, -9.0f);
        kernels.select32.repeat_a(less.data(), &b, minus.data(), chosen.data(), count);
        for (size_t i = 0; i < n; ++i) {
          ASSERT_EQ(less[i], kSpecial[i] < b);
          ASSERT_EQ(at_least[i], kSpecial[i] >= b);
          ASSERT_TRUE(same(chosen[i], kSpecial[i] < b ? b : -9.0f));
        }
        ASSERT_EQ(less[n], 7);
        ASSERT_EQ(chosen[n], 7);
      }
    }
  });
}

TEST(HalfLoops, AgreeWithTheScalarConversions) {
  on_every_isa(half_kernels_all(), [](const HalfKernels& kernels) {
    std::vector<uint16_t> bits(1 << 16);
    for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint16_t>(i);
    const auto n = static_cast<int64_t>(bits.size());
    std::vector<float> wide(bits.size());
    kernels.widen_f16(bits.data(), wide.data(), n);
    for (size_t i = 0; i < bits.size(); ++i) ASSERT_TRUE(same(wide[i], Half::decode(bits[i]))) << i;
    kernels.widen_bf16(bits.data(), wide.data(), n);
    for (size_t i = 0; i < bits.size(); ++i) {
      ASSERT_TRUE(same(wide[i], std::bit_cast<float>(static_cast<uint32_t>(bits[i]) << 16))) << i;
    }
    const std::vector<float> x = wide_samples();
    std::vector<uint16_t> narrow(x.size());
    kernels.narrow_f16(x.data(), narrow.data(), static_cast<int64_t>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) ASSERT_TRUE(same(Half::decode(narrow[i]), Half(x[i]))) << x[i];
    kernels.narrow_bf16(x.data(), narrow.data(), static_cast<int64_t>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_TRUE(same(std::bit_cast<float>(static_cast<uint32_t>(narrow[i]) << 16), BFloat16(x[i]))) << x[i];
    }
  });
}

}  // namespace
}  // namespace mica
