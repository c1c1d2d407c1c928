#include "graph/dim.h"

#include <gtest/gtest.h>

#include <limits>

#include "graph/dim_broadcast.h"
#include "graph/dim_caps.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

const Dim s = Dim::symbol("s");
const Dim t = Dim::symbol("t");
const Dim batch = Dim::symbol("batch");

TEST(Dim, ConstantsFold) {
  EXPECT_TRUE(Dim().is(0));
  EXPECT_TRUE((Dim(2) + Dim(3) * 4 - 1).is(13));
  EXPECT_TRUE((s - s).is(0));
  EXPECT_TRUE((s * 0).is_constant());
  EXPECT_TRUE((s + 3 - s).is(3));
  EXPECT_TRUE((Dim(-1) - kMin).is(kMax));
  EXPECT_EQ(s.constant(), std::nullopt);
}

TEST(Dim, EqualityIgnoresHowAnExpressionWasMade) {
  EXPECT_EQ((s + 1) * (t + 1), s * t + t + s + 1);
  EXPECT_EQ(Dim::symbol("s"), s);
  EXPECT_EQ((s + t) * (s - t), s * s - t * t);
  EXPECT_NE(s, t);
  EXPECT_NE(s, Dim(0));
}

TEST(Dim, Text) {
  EXPECT_EQ((s * 2 + 1).str(), "2*s + 1");
  EXPECT_EQ((s - 1).str(), "s - 1");
  EXPECT_EQ((Dim(4) - s).str(), "4 - s");
  EXPECT_EQ((-s).str(), "-s");
  EXPECT_EQ((s * batch).str(), "batch*s");
  EXPECT_EQ((t + s * s + batch).str(), "s*s + batch + t");
  EXPECT_EQ(floor_div(s, 2).str(), "floor(s/2)");
  EXPECT_EQ(floor_div(s * 2 + 1, t * 3).str(), "floor((2*s + 1)/(3*t))");
  EXPECT_EQ(truncate_div(s - 3, 2).str(), "truncate((s - 3)/2)");
  EXPECT_EQ(max(t, s).str(), "max(s, t)");
  EXPECT_EQ(min(Dim(512), s).str(), "min(s, 512)");
  EXPECT_EQ(Dim(kMin).str(), "-9223372036854775808");
  EXPECT_EQ(str({batch, s * 2, 64}), "[batch,2*s,64]");
  EXPECT_EQ(str({}), "[]");
}

TEST(Dim, FloorDivision) {
  EXPECT_TRUE(floor_div(-7, 2).is(-4));
  EXPECT_TRUE(floor_div(0, s).is(0));
  EXPECT_TRUE(floor_div(1, s * 2).is(0));
  EXPECT_EQ(floor_div(s, 1), s);
  EXPECT_EQ(floor_div(s, -1), -s);
  EXPECT_EQ(floor_div(s * 4 + 8, 4), s + 2);
  EXPECT_EQ(floor_div(s * 4 + 3, 4), s);
  EXPECT_EQ(floor_div(s * 2 * t, t), s * 2);
  EXPECT_EQ(floor_div(s * t + t * 3 + 1, t), s + 3 + floor_div(1, t));
  EXPECT_EQ(floor_div(s * 6 + 5, 4), floor_div(s * 3 + 2, 2));
  EXPECT_EQ(floor_div(s * t, t * 2), floor_div(s, 2));
  EXPECT_EQ(floor_div(s, s + 1), Dim(0));
  EXPECT_EQ(floor_div(min(s, 3), 4), Dim(0));
  EXPECT_EQ(floor_div(floor_div(s, 2), 3), floor_div(s, 6));
  EXPECT_EQ(floor_div(floor_div(s, 2) + t, 3), floor_div(s + t * 2, 6));
  EXPECT_EQ(floor_div(t - floor_div(s, 4), 3), floor_div(t * 4 - s + 3, 12));
  EXPECT_EQ(floor_div(s - t, s * -2), floor_div(t - s, s * 2));
}

TEST(Dim, CeilDivision) {
  EXPECT_TRUE(ceil_div(7, 2).is(4));
  EXPECT_TRUE(ceil_div(-7, 2).is(-3));
  for (const int64_t b : {2, 3, 4, 16}) EXPECT_EQ(ceil_div(s, b), floor_div(s + (b - 1), b));
  EXPECT_EQ(ceil_div(s, t), floor_div(s + t - 1, t));
}

TEST(Dim, StridedConvolutionsStaySmall) {
  Dim height = Dim::symbol("h");
  for (int i = 0; i < 5; ++i) height = floor_div(height + 2 - 3, 2) + 1;
  EXPECT_EQ(height.str(), "floor((h + 31)/32)");
}

TEST(Dim, TruncatingDivision) {
  EXPECT_TRUE(truncate_div(-7, 2).is(-3));
  EXPECT_EQ(truncate_div(s, 2), floor_div(s, 2));
  EXPECT_EQ(truncate_div(-s, 2), -floor_div(s, 2));
  EXPECT_EQ(truncate_div(s, -2), -floor_div(s, 2));
  EXPECT_EQ(truncate_div(s * 4 - 8, 4), s - 2);
  EXPECT_EQ(truncate_div(Dim(3) - s, 2), -truncate_div(s - 3, 2));
  EXPECT_EQ(truncate_div(s * 2 - 6, 4), truncate_div(s - 3, 2));
  EXPECT_NE(truncate_div(s - 3, 2), floor_div(s - 3, 2));
}

TEST(Dim, Modulo) {
  EXPECT_TRUE(modulo(-7, 4).is(1));
  EXPECT_TRUE(modulo(-7, -4).is(-3));
  EXPECT_TRUE(modulo(s * 4, 4).is(0));
  EXPECT_TRUE(modulo(s * t, t).is(0));
  EXPECT_TRUE(modulo(s * 4 + 7, 4).is(3));
  EXPECT_EQ(modulo(s * 5 + 7, 4), modulo(s + 3, 4));
  EXPECT_EQ(floor_div(s, 4) * 4 + modulo(s, 4), s);
  EXPECT_EQ(modulo(s, 4).lower_bound(), 0);
  EXPECT_EQ(modulo(s, t).lower_bound(), 0);
  EXPECT_EQ(modulo(modulo(s, 4), 4), modulo(s, 4));
}

TEST(Dim, PaddingToAMultipleIsAMultiple) {
  const Dim padded = s + modulo(Dim(4) - modulo(s, 4), 4);
  EXPECT_EQ(padded, ceil_div(s, 4) * 4);
  EXPECT_EQ(floor_div(padded, 4), ceil_div(s, 4));
}

TEST(Dim, MinimaAndMaxima) {
  EXPECT_TRUE(max(2, 3).is(3));
  EXPECT_EQ(max(s, 0), s);
  EXPECT_EQ(min(s, -1), Dim(-1));
  EXPECT_EQ(min(s + 1, s), s);
  EXPECT_EQ(max(s, floor_div(s, 2)), s);
  EXPECT_EQ(min(s - 5, kMax), s - 5);
  EXPECT_EQ(max(Dim(5) - s, kMin), Dim(5) - s);
  EXPECT_EQ(max(s, max(t, batch)), max(max(batch, s), max(t, s)));
  EXPECT_EQ(max(max(s, 2), 5), max(s, 5));
  EXPECT_EQ(max(s, min(s, t)), s);
  EXPECT_EQ(min(s + 1, t + 1), min(s, t) + 1);
  EXPECT_EQ(max(s * 4, t * 4), max(s, t) * 4);
  EXPECT_EQ(max(-s, -t) + s + t, max(s, t));
  EXPECT_EQ(max(t - s, 0), max(s, t) - s);
  EXPECT_EQ(max(0, -min(s, 3)), Dim(0));
}

TEST(Dim, LowerBounds) {
  EXPECT_EQ(Dim(7).lower_bound(), 7);
  EXPECT_EQ((s * t * 2 + 3).lower_bound(), 3);
  EXPECT_EQ((s - t).lower_bound(), std::nullopt);
  EXPECT_EQ((s - floor_div(s, 2)).lower_bound(), 0);
  EXPECT_EQ((s * t - t * floor_div(s, 2)).lower_bound(), 0);
  EXPECT_EQ(floor_div(s + 9, 2).lower_bound(), 4);
  EXPECT_EQ(floor_div(s, t).lower_bound(), 0);
  EXPECT_EQ((Dim(512) - min(s, 512)).lower_bound(), 0);
  EXPECT_EQ((max(s, 3) - min(t, 2)).lower_bound(), 1);
  EXPECT_EQ((max(s, t) - s).lower_bound(), 0);
}

TEST(Dim, ExactDivision) {
  EXPECT_EQ(exact_div(batch * s * 768, batch * 12 * 64), s);
  EXPECT_EQ(exact_div(batch * s * 768, batch * s * 12), Dim(64));
  EXPECT_EQ(exact_div((s + 1) * (t * 2 + 3) * batch, t * 2 + 3), (s + 1) * batch);
  EXPECT_EQ(exact_div(s * s - t * t, t - s), -s - t);
  EXPECT_EQ(exact_div(0, s), Dim(0));
  EXPECT_EQ(exact_div(s, 2), std::nullopt);
  EXPECT_EQ(exact_div(6, s), std::nullopt);
  EXPECT_EQ(exact_div(s, 0), std::nullopt);
  EXPECT_EQ(exact_div(7, 2), std::nullopt);
  EXPECT_EQ(exact_div(floor_div(s, 2) * t * 6, floor_div(s, 2) * 3), t * 2);
}

TEST(Dim, ProductStopsAtZero) {
  EXPECT_TRUE(product({}).is(1));
  EXPECT_EQ(product({batch, s, 64}), batch * s * 64);
  EXPECT_TRUE(product({kMax, s, kMax, 0}).is(0));
}

TEST(Dim, EvaluatesAndSubstitutes) {
  const Dim dim = max(floor_div(s * t + 1, 2), batch) - 3;
  EXPECT_EQ(evaluate(dim, {{"s", 5}, {"t", 3}, {"batch", 2}}), 5);
  EXPECT_EQ(evaluate(dim, {{"s", 5}, {"t", 3}}), std::nullopt);
  EXPECT_EQ(evaluate(floor_div(s, t), {{"s", 5}, {"t", 0}}), std::nullopt);
  EXPECT_EQ(evaluate(s * s, {{"s", kMax}}), std::nullopt);
  EXPECT_EQ(substitute(dim, {{"t", 2}}), max(s, batch) - 3);
  EXPECT_EQ(substitute(dim, {}), dim);
  EXPECT_EQ(dim.symbols(), (std::set<std::string>{"batch", "s", "t"}));
}

TEST(Dim, RefusesOverflowAndDivisionByZero) {
  EXPECT_THROW(Dim(kMax) + 1, Error);
  EXPECT_THROW(-Dim(kMin), Error);
  EXPECT_THROW(s * kMax * 2, Error);
  EXPECT_THROW(floor_div(kMin, -1), Error);
  EXPECT_THROW(truncate_div(kMin, -1), Error);
  EXPECT_THROW(floor_div(s, 0), Error);
  EXPECT_THROW(modulo(3, 0), Error);
  try {
    (void)((s + 1) * kMax * 3);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidModel);
    EXPECT_STREQ(error.what(), "dim overflows or is too complex: (9223372036854775807*s + 9223372036854775807) * (3)");
  }
}

// Each of these would grow without end.
TEST(Dim, RefusesExplosion) {
  const auto until_refused = [](Dim dim, auto step) {
    for (int i = 0; i < 10000; ++i) dim = step(dim, i);
  };
  const auto symbol = [](int i) { return Dim::symbol("x" + std::to_string(i)); };
  EXPECT_THROW(until_refused(s + 1, [](const Dim& d, int) { return d * d; }), Error);
  EXPECT_THROW(until_refused(s, [](const Dim& d, int) { return d * s; }), Error);
  EXPECT_THROW(until_refused(s, [&](const Dim& d, int i) { return d * (symbol(i) + 1); }), Error);
  EXPECT_THROW(until_refused(s, [&](const Dim& d, int i) { return max(d, symbol(i)); }), Error);
  EXPECT_THROW(until_refused(s, [&](const Dim& d, int i) { return broadcast(d, symbol(i)); }), Error);
  EXPECT_THROW(until_refused(s, [&](const Dim& d, int i) { return floor_div(d * d + symbol(i), t + 1); }), Error);
  EXPECT_THROW(until_refused(s, [&](const Dim& d, int i) { return max(min(d, symbol(2 * i)) + t, symbol(2 * i + 1)); }),
               Error);
  EXPECT_THROW(until_refused(s, [&](const Dim& d, int i) { return truncate_div(d - symbol(i), i + 2); }), Error);
}

// 0 and 1 broadcast to 0, so that a broadcast is not the larger of two.
TEST(Dim, Broadcasts) {
  EXPECT_TRUE(broadcast(0, 1).is(0));
  EXPECT_TRUE(broadcast(1, 5).is(5));
  EXPECT_EQ(broadcast(s, 1), s);
  EXPECT_EQ(broadcast(0, s), Dim(0));
  EXPECT_EQ(broadcast(s, 5), Dim(5));
  EXPECT_EQ(broadcast(s, s), s);
  EXPECT_EQ(broadcast(s, t + 2), t + 2);
  EXPECT_EQ(broadcast(s + 1, t + 1), max(s, t) + 1);
  EXPECT_EQ(broadcast(broadcast(s, t), batch), broadcast(t, broadcast(batch, s)));
  EXPECT_EQ(broadcast(broadcast(s, t), s), broadcast(t, s));
  EXPECT_NE(broadcast(s, t), max(s, t));
  EXPECT_NE(broadcast(s, s + t), s + t);
  EXPECT_EQ(broadcast(t, s).str(), "broadcast(s, t)");
  EXPECT_EQ((broadcast(s, t + 1) - 1).lower_bound(), -1);
  EXPECT_EQ((Dim(9) - broadcast(min(s, 3), min(t, 5))).lower_bound(), 4);
  EXPECT_EQ(evaluate(broadcast(s, t), {{"s", 0}, {"t", 1}}), 0);
  EXPECT_EQ(evaluate(broadcast(s, t), {{"s", 1}, {"t", 7}}), 7);
  EXPECT_EQ(substitute(broadcast(s, t), {{"s", 1}}), t);
  EXPECT_EQ(substitute(broadcast(s, t), {{"t", 1}, {"s", 0}}), Dim(0));
  EXPECT_EQ(broadcast(s, min(s, 1)), s);
  EXPECT_EQ(broadcast(min(s, 8), s), s);
  EXPECT_NE(broadcast(s, min(s, t)), s);
  const Dim half = floor_div(s + 1, 2);
  EXPECT_EQ(evaluate(broadcast(half, s - half), {{"s", 1}}), 0);
}

// p + s rows of a table of 8, less the p first ones, are s of them while the table is long enough.
TEST(Dim, LengthsWithoutCaps) {
  const Dim p = Dim::symbol("p"), s = Dim::symbol("s");
  EXPECT_EQ(uncapped(min(s, 8)), s);
  EXPECT_EQ(uncapped(max(min(p + s, 8) - p, 0)), s);
  EXPECT_EQ(uncapped(min(s, 1)), min(s, 1));
  EXPECT_EQ(uncapped(min(s, p)), min(s, p));
  EXPECT_EQ(uncapped(floor_div(min(s, 8), 2) + 1), floor_div(s, 2) + 1);
}

}  // namespace
}  // namespace mica
