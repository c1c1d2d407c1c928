// Work that waits until the host does.
#include <mutex>
#include <utility>

#include "tests/cuda/emulator/emulator.h"

namespace mica::emulator {
namespace {

// Blocks of kernels run one at a time, whatever the queue.
std::mutex& grid_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

Counts& counts() {
  static Counts counts;
  return counts;
}

void Queue::push(std::function<void()> work) {
  (recording_ ? recorded_ : work_).push_back(std::move(work));
}

void Queue::synchronize() {
  if (recording_) die("synchronised while recording");
  ++counts().waits;
  const std::lock_guard lock(grid_mutex());
  const DeviceAccess access;
  for (const auto& work : work_) work();
  work_.clear();
}

void Queue::begin_recording() {
  recording_ = true;
}

std::function<void()> Queue::end_recording() {
  recording_ = false;
  return [all = std::exchange(recorded_, {})] {
    for (const auto& work : all) work();
  };
}

}  // namespace mica::emulator
