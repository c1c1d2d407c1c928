#include "runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

namespace mica {
namespace {

constexpr size_t kAlignment = 64;

size_t aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

MemoryPlan plan_memory(std::span<const Lifetime> lifetimes) {
  MemoryPlan plan;
  plan.offsets.resize(lifetimes.size());
  std::vector<uint32_t> by_size(lifetimes.size());
  std::iota(by_size.begin(), by_size.end(), 0);
  std::ranges::stable_sort(by_size, std::greater<>(), [&](uint32_t i) { return lifetimes[i].bytes; });

  std::vector<uint32_t> placed;  // in order of offset
  placed.reserve(lifetimes.size());
  for (const uint32_t i : by_size) {
    const Lifetime& wanted = lifetimes[i];
    const size_t size = aligned(wanted.bytes);
    size_t best = SIZE_MAX;
    size_t best_gap = SIZE_MAX;
    size_t end = 0;  // of the buffers below that are alive together with this one
    for (const uint32_t j : placed) {
      const Lifetime& other = lifetimes[j];
      if (other.last < wanted.first || wanted.last < other.first) continue;
      const size_t begin = plan.offsets[j];
      if (begin >= end + size && begin - end < best_gap) {
        best = end;
        best_gap = begin - end;
      }
      end = std::max(end, begin + aligned(other.bytes));
    }
    plan.offsets[i] = best == SIZE_MAX ? end : best;
    plan.bytes = std::max(plan.bytes, plan.offsets[i] + size);
    const auto at = std::ranges::upper_bound(placed, plan.offsets[i], {}, [&](uint32_t j) { return plan.offsets[j]; });
    placed.insert(at, i);
  }
  return plan;
}

}  // namespace mica
