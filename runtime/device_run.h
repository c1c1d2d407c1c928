// The device's part of an executor: a stream, memory, and the launches of a plan's device steps.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "backends/backend.h"
#include "kernels/device_kernel.h"
#include "runtime/plan.h"

namespace mica {

/// Steps of the device that follow one another without the host are a segment. A segment whose kernels would be
/// launched a second time with the same dims and addresses is recorded, and from then on replayed as a whole.
class DeviceRun {
 public:
  /// Operands of a step.
  struct Bound {
    std::span<Datum*const> inputs, outputs;
  };

  /// `bound` has an entry for each step of the plan and lives as long as this.
  DeviceRun(const Plan& plan, std::vector<Bound> bound);

  /// Dims or addresses are others than in the run before.
  void rebound() { ++binding_; }

  /// Gives the device the work of the steps from `at` on that are not the host's; returns the first that is.
  size_t launch(size_t at);
  /// Waits for all work. Throws InvalidArgument, naming the node, when a kernel met contents that make no sense.
  void wait();
  /// Waits without a word about what failed: the run ends with another error.
  void abandon() noexcept;

  /// Seconds of device time of each step of the run are added here by `wait` while set; one entry a step.
  void set_profile(std::span<double> seconds) { profile_ = seconds; }

 private:
  /// What the launches of a segment depend on.
  struct Key {
    uint64_t binding = 0;
    const void* scratch = nullptr;
    bool operator==(const Key&) const = default;
  };
  struct Segment {
    size_t end = 0;        ///< the first step behind it; 0: none begins here
    bool repeats = false;  ///< launches follow from the key alone
    Key key;
    std::unique_ptr<Recording> recording;
  };
  struct Timed {
    size_t step;
    std::unique_ptr<Event> before, after;
  };

  void find_segments();
  size_t launch_all(size_t at);
  void run_segment(size_t at);
  void launch_steps(size_t begin, size_t end);
  void copy(size_t at);
  void time(size_t at, FunctionRef<void()> work);

  const Plan& plan_;
  std::vector<Bound> bound_;
  std::unique_ptr<Stream> stream_;
  DeviceScratch scratch_;
  std::shared_ptr<std::byte> fault_word_;
  std::vector<Segment> segments_;  ///< by their first step
  uint64_t binding_ = 1;
  std::span<double> profile_;
  std::vector<Timed> timed_;
};

}  // namespace mica
