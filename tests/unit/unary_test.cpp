// Every unary loop of every instruction set this CPU has, against double.
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "kernels/activation/unary_simd.h"
#include "kernels/simd/isa.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

using Reference = std::function<double(double)>;

// Floats of every sign, exponent and of mantissas all over, subnormals, infinities and NaN among them.
std::vector<float> samples() {
  std::vector<float> x = {0.0f,    -0.0f,     1.0f,       -1.0f,     0.5f,     -0.5f,  1.5f,     2.5f,
                          -2.5f,   0x1p-149f, -0x1p-149f, 0x1p-126f, 88.7228f, 88.73f, -87.3f,   -103.9f,
                          -104.5f, 1e38f,     -1e38f,     0.9f,      6.0f,     -6.0f,  -6.00001f};
  x.push_back(std::numeric_limits<float>::infinity());
  x.push_back(-std::numeric_limits<float>::infinity());
  x.push_back(std::numeric_limits<float>::quiet_NaN());
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 30011) {
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  for (float v = -20; v < 20; v += 0.00071f) x.push_back(v);  // where activations live
  return x;
}

struct Worst {
  double ulps = 0;
  float x = 0;
  float y = 0;
};

// An error below `absolute` does not count.
Worst worst(const std::vector<float>& x, const std::vector<float>& y, const Reference& f, double absolute) {
  Worst w;
  for (size_t i = 0; i < x.size(); ++i) {
    const double exact = f(x[i]);
    if (std::abs(y[i] - exact) <= absolute) continue;
    if (const double e = tolerance::ulps(y[i], exact); e > w.ulps) w = {e, x[i], y[i]};
  }
  return w;
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}
// A product with 0, where the plain formula has infinity times 0, is what the loops compute too.
double gelu(double x) {
  return x * 0.5 * std::erfc(-x / std::numbers::sqrt2);
}
double gelu_tanh(double x) {
  return x * sigmoid(2 * std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x));
}
double clamp(double x, double low, double high) {
  return std::isnan(x) ? x : std::min(high, std::max(low, x));
}
double nan_or(double x, double y) {
  return std::isnan(x) ? x : y;
}

struct Plain {
  const char* name;
  UnaryLoop UnaryKernels::*loop;
  Reference f;
  double ulps;
  double absolute = 0;
};
const Plain kPlain[] = {
    {"abs", &UnaryKernels::abs, [](double x) { return std::abs(x); }, 0},
    {"neg", &UnaryKernels::neg, [](double x) { return -x; }, 0},
    {"sign", &UnaryKernels::sign, [](double x) { return nan_or(x, (x > 0) - (x < 0)); }, 0},
    {"square", &UnaryKernels::square, [](double x) { return x * x; }, tolerance::kExact},
    {"floor", &UnaryKernels::floor, [](double x) { return std::floor(x); }, 0},
    {"ceil", &UnaryKernels::ceil, [](double x) { return std::ceil(x); }, 0},
    {"round", &UnaryKernels::round, [](double x) { return std::nearbyint(x); }, 0},
    {"sqrt", &UnaryKernels::sqrt, [](double x) { return std::sqrt(x); }, tolerance::kExact},
    {"rsqrt", &UnaryKernels::rsqrt, [](double x) { return 1 / std::sqrt(x); }, tolerance::kTwoRoundings},
    {"reciprocal", &UnaryKernels::reciprocal, [](double x) { return 1 / x; }, tolerance::kExact},
    {"exp", &UnaryKernels::exp, [](double x) { return std::exp(x); }, tolerance::kExp},
    {"log", &UnaryKernels::log, [](double x) { return std::log(x); }, tolerance::kLog},
    {"tanh", &UnaryKernels::tanh, [](double x) { return std::tanh(x); }, tolerance::kRational},
    {"sigmoid", &UnaryKernels::sigmoid, sigmoid, tolerance::kRational},
    {"erf", &UnaryKernels::erf, [](double x) { return std::erf(x); }, tolerance::kErf},
    {"sin", &UnaryKernels::sin, [](double x) { return std::sin(x); }, tolerance::kCircular},
    {"cos", &UnaryKernels::cos, [](double x) { return std::cos(x); }, tolerance::kCircular},
    {"tan", &UnaryKernels::tan, [](double x) { return std::tan(x); }, tolerance::kRational},
    {"asin", &UnaryKernels::asin, [](double x) { return std::asin(x); }, tolerance::kLibrary},
    {"acos", &UnaryKernels::acos, [](double x) { return std::acos(x); }, tolerance::kLibrary},
    {"atan", &UnaryKernels::atan, [](double x) { return std::atan(x); }, tolerance::kLibrary},
    {"sinh", &UnaryKernels::sinh, [](double x) { return std::sinh(x); }, tolerance::kRational},
    {"cosh", &UnaryKernels::cosh, [](double x) { return std::cosh(x); }, tolerance::kRational},
    {"asinh", &UnaryKernels::asinh, [](double x) { return std::asinh(x); }, tolerance::kLibrary},
    {"acosh", &UnaryKernels::acosh, [](double x) { return std::acosh(x); }, tolerance::kLibrary},
    {"atanh", &UnaryKernels::atanh, [](double x) { return std::atanh(x); }, tolerance::kLibrary},
    {"relu", &UnaryKernels::relu, [](double x) { return nan_or(x, std::max(x, 0.0)); }, 0},
    {"gelu", &UnaryKernels::gelu, gelu, tolerance::kGelu, tolerance::kGeluTail},
    {"gelu_tanh", &UnaryKernels::gelu_tanh, gelu_tanh, tolerance::kGeluTanh},
    {"silu", &UnaryKernels::silu, [](double x) { return x * sigmoid(x); }, tolerance::kRational,
     tolerance::kSubnormalFactor},
    {"softplus", &UnaryKernels::softplus, [](double x) { return nan_or(x, softplus(x)); }, tolerance::kRational},
    {"softsign", &UnaryKernels::softsign, [](double x) { return x / (1 + std::abs(x)); }, tolerance::kRational},
    {"mish", &UnaryKernels::mish, [](double x) { return x * std::tanh(softplus(x)); }, tolerance::kRational,
     tolerance::kSubnormalFactor},
};

struct Parametric {
  const char* name;
  ParametricLoop UnaryKernels::*loop;
  float alpha, beta;
  std::function<double(double, double, double)> f;
  double ulps;
  double absolute = 0;
};
const double kHard = 1e-7;  // alpha x + beta cancels
const Parametric kParametric[] = {
    {"affine", &UnaryKernels::affine, 0.3f, 0.7f, [](double x, double a, double b) { return a * x + b; },
     tolerance::kTwoRoundings, kHard},
    {"clip", &UnaryKernels::clip, -1.5f, 2.5f, clamp, 0},
    {"clip, bounds crossed", &UnaryKernels::clip, 2.0f, -2.0f, clamp, 0},
    {"leaky_relu", &UnaryKernels::leaky_relu, 0.01f, 0, [](double x, double a, double) { return x < 0 ? a * x : x; },
     tolerance::kExact},
    {"thresholded_relu", &UnaryKernels::thresholded_relu, 1.25f, 0,
     [](double x, double a, double) { return x <= a ? 0 : x; }, 0},
    {"elu", &UnaryKernels::elu, 1.5f, 1, [](double x, double a, double) { return x < 0 ? a * std::expm1(x) : x; },
     tolerance::kRational},
    {"selu", &UnaryKernels::elu, 1.6732632f, 1.050701f,
     [](double x, double a, double b) { return b * (x < 0 ? a * std::expm1(x) : x); }, tolerance::kRational},
    {"celu", &UnaryKernels::celu, 2, 0, [](double x, double a, double) { return x < 0 ? a * std::expm1(x / a) : x; },
     tolerance::kRational},
    {"hard_sigmoid", &UnaryKernels::hard_sigmoid, 0.2f, 0.5f,
     [](double x, double a, double b) { return clamp(a * x + b, 0, 1); }, tolerance::kTwoRoundings, kHard},
    {"hard_swish", &UnaryKernels::hard_swish, 1.0f / 6, 0.5f,
     [](double x, double a, double b) { return x * clamp(a * x + b, 0, 1); }, tolerance::kRational, 5 * kHard},
    {"swish", &UnaryKernels::swish, 2, 0, [](double x, double a, double) { return x * sigmoid(a * x); },
     tolerance::kRational, tolerance::kSubnormalFactor},
};

TEST(Unary, MatchesDoubleOverAllFloats) {
  const std::vector<float> x = samples();
  std::vector<float> y(x.size());
  for (const auto& [isa, table] : runnable(unary_kernels_all())) {
    for (const Plain& c : kPlain) {
      (table->*c.loop)(x.data(), y.data(), static_cast<int64_t>(x.size()));
      const Worst w = worst(x, y, c.f, c.absolute);
      EXPECT_LE(w.ulps, c.ulps) << isa << " " << c.name << "(" << w.x << ") = " << w.y << ", not " << c.f(w.x);
      RecordProperty(std::string(isa) + "_" + c.name, std::to_string(w.ulps));
    }
    for (const Parametric& c : kParametric) {
      (table->*c.loop)(x.data(), y.data(), static_cast<int64_t>(x.size()), c.alpha, c.beta);
      const Reference f = [&c](double v) { return c.f(v, c.alpha, c.beta); };
      const Worst w = worst(x, y, f, c.absolute);
      EXPECT_LE(w.ulps, c.ulps) << isa << " " << c.name << "(" << w.x << ") = " << w.y << ", not " << f(w.x);
    }
  }
}

TEST(Unary, KeepsTheSignOfZero) {
  for (const auto& [isa, table] : runnable(unary_kernels_all())) {
    for (const UnaryLoop f : {table->tanh, table->erf, table->sqrt, table->round, table->silu, table->gelu, table->sin,
                              table->tan, table->sinh}) {
      const float x[] = {-0.0f, 0.0f};
      float y[2] = {1, 1};
      f(x, y, 2);
      EXPECT_TRUE(y[0] == 0 && std::signbit(y[0])) << isa << y[0];
      EXPECT_TRUE(y[1] == 0 && !std::signbit(y[1])) << isa << y[1];
    }
  }
}

// Every length about the vector's, at every misalignment, in place; nothing beyond the end is touched.
TEST(Unary, TailsAndAlignment) {
  for (const auto& [isa, table] : runnable(unary_kernels_all())) {
    for (int64_t n = 0; n <= 67; ++n) {
      for (size_t offset = 0; offset < 3; ++offset) {
        std::vector<float> x(offset + static_cast<size_t>(n) + 1, 3.0f);
        table->square(x.data() + offset, x.data() + offset, n);
        for (size_t i = 0; i < x.size(); ++i) {
          const bool inside = i >= offset && i + 1 < x.size();
          ASSERT_EQ(x[i], inside ? 9.0f : 3.0f) << isa << " n " << n << " offset " << offset << " at " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace mica
