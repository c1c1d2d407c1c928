#include "runtime/memory_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace mica {
namespace {

bool overlap(const Lifetime& a, size_t a_at, const Lifetime& b, size_t b_at) {
  const bool in_time = a.first <= b.last && b.first <= a.last;
  const bool in_space = a_at < b_at + b.bytes && b_at < a_at + a.bytes;
  return in_time && in_space;
}

// The most bytes alive at one step: no plan can do with less.
size_t lower_bound(const std::vector<Lifetime>& lifetimes, uint32_t steps) {
  size_t peak = 0;
  for (uint32_t step = 0; step < steps; ++step) {
    size_t alive = 0;
    for (const Lifetime& l : lifetimes) alive += l.first <= step && step <= l.last ? l.bytes : 0;
    peak = std::max(peak, alive);
  }
  return peak;
}

TEST(MemoryPlan, NeverOverlapsBuffersThatLiveTogether) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const uint32_t steps = 1 + random() % 40;
    std::vector<Lifetime> lifetimes(random() % 60);
    for (Lifetime& l : lifetimes) {
      l.first = random() % steps;
      l.last = std::min<uint32_t>(steps - 1, l.first + random() % 8);
      l.bytes = random() % 5 == 0 ? 0 : random() % 10000;
    }
    const MemoryPlan plan = plan_memory(lifetimes);
    ASSERT_EQ(plan.offsets.size(), lifetimes.size());
    for (size_t i = 0; i < lifetimes.size(); ++i) {
      ASSERT_EQ(plan.offsets[i] % 64, 0u);
      ASSERT_LE(plan.offsets[i] + lifetimes[i].bytes, plan.bytes);
      for (size_t j = 0; j < i; ++j) {
        ASSERT_FALSE(overlap(lifetimes[i], plan.offsets[i], lifetimes[j], plan.offsets[j])) << round;
      }
    }
    ASSERT_EQ(plan_memory(lifetimes).offsets, plan.offsets);
  }
}

TEST(MemoryPlan, ReusesTheMemoryOfAChain) {
  std::vector<Lifetime> chain;
  for (uint32_t i = 0; i < 20; ++i) chain.push_back({i, i + 1, 6400});
  EXPECT_EQ(plan_memory(chain).bytes, lower_bound(chain, 21));
}

TEST(MemoryPlan, StaysNearTheLowerBound) {
  std::mt19937 random(11);
  std::vector<Lifetime> lifetimes(200);
  for (Lifetime& l : lifetimes) {
    l.first = random() % 100;
    l.last = std::min<uint32_t>(99, l.first + 1 + random() % 5);
    l.bytes = 64 * (1 + random() % 500);
  }
  EXPECT_LE(static_cast<double>(plan_memory(lifetimes).bytes), 1.25 * static_cast<double>(lower_bound(lifetimes, 100)));
}

}  // namespace
}  // namespace mica
