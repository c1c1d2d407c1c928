// Loops whose parts go to whichever thread is free.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "backends/cpu/thread_pool.h"

namespace mica {

/// Calls take(i) for all i below `count`, which are taken in ascending order: for parts of unequal cost, and where
/// threads are not equally fast, as when they share the memory's bandwidth. With `parallel_for` the same parts stay in
/// the same caches instead.
inline void take_in_order(ThreadPool& threads, int64_t count, FunctionRef<void(int64_t i)> take) {
  std::atomic<int64_t> next{0};
  threads.parallel_for(threads.threads(), 1, [&](int64_t, int64_t) {
    for (int64_t i = next++; i < count; i = next++) take(i);
  });
}

/// Calls take(begin, end) for ranges that make up [0, count), taken in ascending order and shorter and shorter: threads
/// of any speed are done at nearly the same time, and few ranges are begun.
inline void take_shrinking(ThreadPool& threads, int64_t count, FunctionRef<void(int64_t begin, int64_t end)> take) {
  std::atomic<int64_t> next{0};
  threads.parallel_for(threads.threads(), 1, [&](int64_t, int64_t) {
    for (int64_t begin = next; begin < count;) {
      const int64_t end = begin + std::max<int64_t>(1, (count - begin) / (2 * threads.threads()));
      if (!next.compare_exchange_weak(begin, end)) continue;
      take(begin, end);
      begin = next;
    }
  });
}

}  // namespace mica
