// The device's part of an executor: a stream, memory, and the launches of a plan's device steps.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "backends/backend.h"
#include "kernels/device_kernel.h"
#include "runtime/plan.h"
#include "runtime/recordings.h"

namespace mica {

/// Steps of the device that follow one another without the host, copies among them, are a segment. What a segment does
/// follows from the dims of its operands and from addresses. When it would do the same a second time it is recorded,
/// and from then on replayed as a whole; recordings for several dims and addresses are kept (recordings.h). Memory of
/// the host that steps copy from or to is shared with the device (Device::allocate_shared).
class DeviceRun {
 public:
  /// Operands of a step.
  struct Bound {
    std::span<Datum*const> inputs, outputs;
  };

  /// `bound` has an entry for each step of the plan and lives as long as this.
  DeviceRun(const Plan& plan, std::vector<Bound> bound);
  ~DeviceRun();  ///< waits

  /// Steps whose dims follow from these symbols (DimProgram::symbol_bit) become segments of their own, because others
  /// are the same in every run although these dims are not.
  void set_growing(uint64_t symbols);
  /// Copies, by step, that runs are to leave out.
  void set_skipped(const std::vector<bool>& skipped);

  /// Values of the plan's symbols, and where the memory of the run at hand is: what recordings are known by.
  void set_place(std::span<const int64_t> symbols, std::span<const int64_t> addresses);
  /// Gives the device the work of the steps from `at` on that are not the host's; returns the first that is.
  size_t launch(size_t at);
  /// Behind the steps of a run, when it is to be waited for later.
  void leave() noexcept { busy_ = true; }
  /// Whether work was left.
  bool busy() const { return busy_; }
  /// Whether some step that is not left out copies from or to the host, which therefore has to wait for a run.
  bool touches_host() const { return touches_host_; }
  /// Waits for all work. Throws InvalidArgument, naming the node, when a kernel met contents that make no sense.
  void wait();
  /// Waits without a word about what failed: the run ends with another error.
  void abandon() noexcept;

  /// Copies, behind the work given before, and waits.
  void copy(const BlockCopy& copy);
  /// The same without waiting: within the work of a run.
  void copy_later(const BlockCopy& copy) { stream_->copy(copy); }
  /// Memory of the device; waits before when work was left, which may use what the new memory is to replace.
  std::shared_ptr<std::byte> allocate(size_t bytes);
  Device& device() const { return *plan_.device(); }

  /// Seconds of device time of each step of the run are added here by `wait` while set; one entry a step. Every run has
  /// to be waited for then.
  void set_profile(std::span<double> seconds) { profile_ = seconds; }
  /// Those from a run's first work, or from that behind a wait, to the next wait likewise; null: not taken.
  void set_clock(double* seconds) { clock_ = seconds; }
  bool is_timed() const { return !profile_.empty() || clock_ != nullptr; }

 private:
  struct Segment {
    size_t end = 0;        ///< the first step behind it; 0: none begins here
    bool repeats = false;  ///< what it does follows from dims and addresses alone
    size_t work = 0;       ///< launches and copies
    uint64_t depends = 0;  ///< the symbols that its operands' dims follow from
    Recordings recordings;
  };
  struct Timed {
    size_t step;
    std::unique_ptr<Event> before, after;
  };

  void find_segments();
  bool is_left_out(size_t at) const { return plan_.steps()[at].view || skipped_[at]; }
  uint64_t dependencies(size_t at) const;
  size_t launch_all(size_t at);
  void run_segment(size_t at);
  void launch_steps(size_t begin, size_t end);
  void launch_step(size_t at);
  void copy_step(size_t at);
  void time(size_t at, FunctionRef<void()> work);

  const Plan& plan_;
  std::vector<Bound> bound_;
  std::unique_ptr<Stream> stream_;
  DeviceScratch scratch_;
  std::shared_ptr<std::byte> fault_word_;
  std::vector<Segment> segments_;  ///< by their first step
  std::vector<bool> skipped_;      ///< by step
  uint64_t growing_ = 0;
  std::vector<int64_t> symbols_, addresses_;
  uint64_t place_ = 1;  ///< another number for other symbols or addresses
  bool busy_ = false, touches_host_ = true;
  std::span<double> profile_;
  double* clock_ = nullptr;
  std::unique_ptr<Event> begun_;
  std::vector<Timed> timed_;
};

}  // namespace mica
