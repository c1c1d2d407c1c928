// Where in one arena the buffers of a run lie: a pure function from lifetimes to offsets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mica {

/// A buffer that is alive from step `first` to step `last`, both inclusive.
struct Lifetime {
  uint32_t first = 0, last = 0;
  size_t bytes = 0;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  ///< multiples of 64, one for each lifetime
  size_t bytes = 0;             ///< of the arena
};

/// Gives every buffer an offset so that two that are alive at the same step never overlap. Largest first, each into the
/// smallest gap that holds it. Equal arguments give equal plans.
MemoryPlan plan_memory(std::span<const Lifetime> lifetimes);

}  // namespace mica
