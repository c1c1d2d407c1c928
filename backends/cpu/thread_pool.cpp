#include "backends/cpu/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <system_error>

namespace mica {
namespace {

constexpr std::chrono::microseconds kSpin{30};
constexpr int kPausesPerLook = 32;  // at the clock, which costs about as much as one pause

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Returns once `value` is no longer `old`: spins first, then sleeps.
template <class T>
void await_change(const std::atomic<T>& value, T old) {
  const auto deadline = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < kPausesPerLook; ++i) {
      if (value.load(std::memory_order_acquire) != old) return;
      pause();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

// One loop; lives on the stack of its caller.
struct ThreadPool::Job {
  Body body;
  int64_t count;
  int64_t grain;
  int64_t parts;
  std::atomic<bool> failed{false};
  std::exception_ptr error = nullptr;  // written by whoever sets `failed`
};

// Counts of the parts given to the worker: `ordered`, `taken` up by the worker or taken back by the caller, and `done`.
// Invariant: ordered >= taken >= done >= ordered - 1. Who raises `taken` runs the part.
struct alignas(64) ThreadPool::Worker {
  std::atomic<uint32_t> ordered{0};
  std::atomic<uint32_t> taken{0};
  Job* job = nullptr;  // valid while ordered != done; null tells the worker to end
  int64_t part = 0;
  alignas(64) std::atomic<uint32_t> done{0};

  bool take(uint32_t order) {
    uint32_t before = order - 1;
    return taken.compare_exchange_strong(before, order, std::memory_order_acq_rel);
  }
  std::thread thread;
};

ThreadPool::ThreadPool(int threads) {
  const size_t wanted = threads > 1 ? static_cast<size_t>(threads - 1) : 0;
  workers_.reserve(wanted);
  for (size_t i = 0; i < wanted; ++i) {
    auto worker = std::make_unique<Worker>();
    worker->part = static_cast<int64_t>(i) + 1;
    try {
      worker->thread = std::thread([this, w = worker.get()] { work(*w); });
    } catch (const std::system_error&) {
      break;
    }
    workers_.push_back(std::move(worker));
  }
}

ThreadPool::~ThreadPool() {
  for (auto& worker : workers_) {
    worker->job = nullptr;
    worker->ordered.fetch_add(1, std::memory_order_release);
    worker->ordered.notify_one();
  }
  for (auto& worker : workers_) worker->thread.join();
}

void ThreadPool::work(Worker& worker) {
  uint32_t order = 0;
  while (true) {
    await_change(worker.ordered, order);
    order = worker.ordered.load(std::memory_order_acquire);
    if (!worker.take(order)) continue;
    if (worker.job == nullptr) return;
    run_part(*worker.job, worker.part);
    worker.done.store(order, std::memory_order_release);
    worker.done.notify_one();
  }
}

void ThreadPool::run_part(Job& job, int64_t part) noexcept {
  const int64_t grains = (job.count - 1) / job.grain + 1;
  const int64_t share = grains / job.parts;
  const int64_t larger = grains % job.parts;  // the first so many parts have one grain more
  const int64_t first = part * share + std::min(part, larger);
  const int64_t last = first + share + (part < larger ? 1 : 0);
  try {
    job.body(first * job.grain, std::min(last * job.grain, job.count));
  } catch (...) {
    if (!job.failed.exchange(true)) job.error = std::current_exception();
  }
}

void ThreadPool::parallel_for(int64_t count, int64_t grain, Body body) {
  if (count <= 0) return;
  grain = std::clamp<int64_t>(grain, 1, count);
  const int64_t parts = std::min<int64_t>((count - 1) / grain + 1, threads());
  if (parts == 1 || busy_.exchange(true, std::memory_order_acquire)) return body(0, count);

  Job job{body, count, grain, parts};
  const size_t helpers = static_cast<size_t>(parts - 1);
  for (size_t i = 0; i < helpers; ++i) {
    Worker& worker = *workers_[i];
    worker.job = &job;
    worker.ordered.fetch_add(1, std::memory_order_release);
    worker.ordered.notify_one();
  }
  run_part(job, 0);
  for (size_t i = 0; i < helpers; ++i) {
    Worker& worker = *workers_[i];
    const uint32_t order = worker.ordered.load(std::memory_order_relaxed);
    if (worker.take(order)) {
      run_part(job, worker.part);
      worker.done.store(order, std::memory_order_relaxed);
    } else if (worker.done.load(std::memory_order_acquire) != order) {
      await_change(worker.done, order - 1);
    }
  }
  busy_.store(false, std::memory_order_release);
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace mica
