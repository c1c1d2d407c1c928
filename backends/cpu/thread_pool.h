// Fork and join on a fixed set of threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/base/function_ref.h"

namespace mica {

/// Threads that share loops. They spin for about 30 us after a loop, so that the next one starts at once, then sleep.
///
/// Part i of a split runs on thread i (part 0 on the caller), so a loop repeated over the same data finds it in the
/// same caches. A thread that is still waking when the caller is through with its own part finds its part taken back:
/// the caller runs it, and nobody waits for a thread to wake, which takes longer than a small loop. Any number of
/// threads may call at once: one of them gets the workers, the others, and calls from inside a loop, run their loop
/// alone. A call allocates nothing.
class ThreadPool {
 public:
  using Body = FunctionRef<void(int64_t begin, int64_t end)>;

  /// `threads` counts the caller, so `threads - 1` are started; fewer when the system refuses, none below 2.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Runs `body` over [0, count), cut into at most `threads()` ranges of nearly equal size whose inner bounds are
  /// multiples of `grain` (taken as 1 when less). Returns when all are done. The first exception of a body, if any, is
  /// rethrown then; the other ranges still run.
  void parallel_for(int64_t count, int64_t grain, Body body);

 private:
  struct Job;
  struct Worker;

  void work(Worker& worker);
  static void run_part(Job& job, int64_t part) noexcept;

  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> busy_{false};
};

}  // namespace mica
