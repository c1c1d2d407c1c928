// Runs a plan: keeps the memory of one stream of runs, binds it to input dims, and walks the steps.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernels/operands.h"
#include "runtime/device_ports.h"
#include "runtime/kept_state.h"
#include "runtime/output_buffer.h"
#include "runtime/plan.h"

namespace mica {

class DeviceRun;
class ThreadPool;

/// Not thread safe; several executors may share a plan and a thread pool.
class Executor {
 public:
  Executor(std::shared_ptr<const Plan> plan, ThreadPool& threads);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Runs once. `inputs` has a Datum for each graph input and then for each captured value; they are read during the
  /// call only. Each output is put into `outputs` and is the caller's to keep: its memory is used again only when
  /// nobody holds it any more. Allocates nothing when memory for dims as large has been laid out before, unless the
  /// model's shapes depend on data. Throws InvalidArgument for inputs that do not fit.
  void run(std::span<const Datum* const> inputs, std::span<Datum> outputs);

  /// Keeps `output` of a run in memory of its own, where it is `input` of the next run, if the plan allows that: the
  /// output must be the input lengthened by one step, and whoever reads it must honour its pitch. False: not possible.
  /// From then on `run` is to be given the state's value for the input, and does not give the output out.
  /// On a device any state is kept that the device makes and reads; one that is not lengthened is replaced as a whole.
  bool keep(size_t input, size_t output);
  /// The state kept for an input; null when there is none.
  KeptState* kept(size_t input);

  /// From now on the tensor that `run` is given for the input lies on the plan's device, or does so no more.
  void set_on_device(size_t input, bool on_device);
  /// From now on `run` writes the output to that memory of the device, or of the host in a plan without one, and does
  /// not give it out. An undefined tensor ends that.
  void set_target(size_t output, const Tensor& target);
  /// When all outputs have such memory, or are kept, a run does not wait for the device; this does.
  void wait();

  const Plan& plan() const { return *plan_; }
  /// Of the host's arena and the device's.
  size_t arena_bytes() const { return arena_bytes_[0] + arena_bytes_[1]; }
  /// Seconds spent on each step of the last run are added here while set; one entry a step.
  void set_profile(std::span<double> seconds);
  /// Seconds of the device's time are added here while set; null ends that.
  void set_device_clock(double* seconds);

 private:
  class BodyRunner;
  struct Kept {
    uint32_t input_slot, output_slot;
    KeptState state;
    bool on_device = false;
  };
  /// What a run does with an input or output of a plan with a device.
  struct DeviceInput {
    InputPort port;
    bool on_device = false;
    std::shared_ptr<std::byte> staging = nullptr;  ///< of the host, shared with the device, that copies are made from
    size_t bytes = 0;
  };
  struct DeviceOutput {
    OutputPort port;
    bool point = false;  ///< the step that computes it writes to the target
  };
  struct BoundStep {
    std::vector<Datum*> inputs, outputs;
    Operands::Context context;
  };

  void bind(std::span<const Datum* const> inputs);
  void check_input(size_t index, const Datum& datum);
  void rebind();
  bool settle_shape(uint32_t slot);
  void check_view(uint32_t slot) const;
  void fill_contents(uint32_t slot);
  void lay_out(Place place);
  std::byte* allocate_arena(Place place, size_t bytes);
  void point(uint32_t root, void* memory);
  bool keep_on_device(size_t input, size_t output);
  void set_outside(uint32_t root, bool outside);
  void skip_copies();
  void place_input(size_t input, const Tensor& tensor);
  void place_kept(size_t input);
  void place_output(size_t output, Datum& datum);
  void check_target(size_t output) const;
  void tell_places();
  void finish_on_device();
  void fill_target(size_t output, Datum& datum);
  std::shared_ptr<std::byte> allocate(Place place, size_t bytes);
  void run_steps();
  void run_step(const Step& step, BoundStep& bound);
  void run_dynamic(const Step& step, BoundStep& bound);
  void collect(std::span<Datum> outputs);

  std::shared_ptr<const Plan> plan_;
  ThreadPool& threads_;
  Workspace workspace_;
  std::vector<Datum> slots_;
  std::vector<BoundStep> steps_;
  std::vector<std::unique_ptr<BodyRunner>> bodies_;
  std::vector<OutputBuffer> outputs_;
  std::vector<std::unique_ptr<Kept>> kept_;  ///< for each graph input; null where it is no state kept in place
  std::vector<bool> is_kept_;                ///< for each output
  std::vector<Tensor> targets_;              ///< for each output; undefined: none
  std::vector<DeviceInput> device_inputs_;   ///< for each input and output; empty without a device
  std::vector<DeviceOutput> device_outputs_;
  std::vector<int64_t> places_;  ///< addresses, for recordings
  int64_t layouts_ = 0;          ///< how many there have been
  uint64_t growing_ = 0;         ///< symbols of states that are lengthened on the device

  bool is_bound_ = false;           ///< slots have the dims that follow from `bound_`
  std::vector<int64_t> bound_;      ///< the symbols of the run before
  std::vector<int64_t> symbols_;    ///< of the inputs at hand; -1: not fixed yet
  std::vector<int64_t> registers_;  ///< of the plan's dims, at `bound_`

  std::array<std::shared_ptr<std::byte>, 2> arenas_;  ///< by place
  std::array<size_t, 2> arena_bytes_{};
  std::vector<size_t> room_;   ///< bytes laid out for each root slot
  std::vector<bool> outside_;  ///< root slots of the arena that lie in memory of a caller or of a state instead
  std::span<double> profile_;
  std::unique_ptr<DeviceRun> device_;  ///< null: all steps run on the CPU
};

}  // namespace mica
