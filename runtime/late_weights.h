// Weights that are packed only when it turns out that they are worth it.
#pragma once

#include <atomic>
#include <vector>

#include "runtime/pack_items.h"

namespace mica {

/// The constants of a plan whose kernels can do without packed ones (PackTask::can_wait). A program that runs a
/// model once is done before they would have been packed; the second run of a plan packs them, and is the slower for
/// it.
class LateWeights {
 public:
  explicit LateWeights(std::vector<PackItem> items) : items_(std::move(items)) {}

  /// Before each run of the plan, from any thread: the second one packs here, while those that began before go on
  /// without.
  void before_run(ThreadPool& threads) {
    if (runs_.load(std::memory_order_relaxed) < 2 && runs_++ == 1) pack(threads);
  }
  /// Packs unless that has been done or begun.
  void pack_now(ThreadPool& threads) {
    if (runs_.exchange(2) < 2) pack(threads);
  }

 private:
  void pack(ThreadPool& threads);

  std::vector<PackItem> items_;
  std::atomic<int> runs_{0};
};

}  // namespace mica
