// A plan: what a run will do, once per model and options, for every tuple of input dims at once.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/dim_program.h"
#include "graph/graph.h"
#include "runtime/precision.h"

namespace mica {

class Device;         // backends/backend.h
struct DeviceKernel;  // kernels/device_kernel.h
class LateWeights;    // runtime/late_weights.h
class ThreadPool;     // backends/cpu/thread_pool.h
struct PackOptions;   // runtime/packed_weights.h

/// Whose memory a value is in: the host's, or that of the device that the plan is for.
enum class Place : uint8_t { Host, Device };

/// Where a value of the graph is kept during a run.
struct Slot {
  enum class Source : uint8_t {
    Constant,  ///< `constant`
    Contents,  ///< a small integer tensor whose elements follow from the input dims
    Input,     ///< given by the caller, or captured
    Step,      ///< computed
  };
  static constexpr uint32_t kNone = ~uint32_t{0};

  std::string name;
  Source source = Source::Step;
  DType dtype = DType::Undefined;
  Place place = Place::Host;
  /// Shape and memory are settled as the run goes, because they depend on data; else `dims` has them.
  bool dynamic = false;
  std::vector<uint32_t> dims;      ///< registers of Plan::dims
  std::vector<uint32_t> contents;  ///< registers of the elements (Source::Contents)
  uint64_t depends = 0;            ///< which input symbols `dims` and `contents` follow from: see DimProgram::depends
  Tensor constant;
  /// What is made of it before it is uploaded (DeviceKernel::form); null: nothing.
  Tensor (*form)(const Tensor& constant) = nullptr;

  /// The slot whose memory this one shares: itself, the input it is a view of, or the input it overwrites.
  uint32_t root = kNone;
  /// Of a root: all slots that share it, itself included; and the steps it is alive at.
  std::vector<uint32_t> members;
  uint32_t first = 0, last = 0;
  /// Of a root: lies in the arena (else it is given from outside, or an output's own buffer).
  bool in_arena = false;
};

struct PlanOptions {
  /// Where nodes run that have a kernel for it; null: all run on the CPU.
  std::shared_ptr<Device> device = nullptr;
  Precision precision = Precision::Float32;
  std::string provider = {};  ///< whose kernels go before our own (kernels/provider.h); empty: nobody's
};

class Plan;

/// One node's work, or a copy between host and device.
struct Step {
  enum class Kind : uint8_t {
    Host,      ///< `kernel` runs on the CPU
    Device,    ///< `device_kernel` is launched on the device
    Upload,    ///< input 0 is copied to the device, as output 0
    Download,  ///< and back
  };

  NodeId node;  ///< of a copy: that which needs it, or made it
  Kind kind = Kind::Host;
  bool waits = false;  ///< reads what was downloaded: all work of the device must be done before
  const OpDef* def = nullptr;
  const Kernel* kernel = nullptr;
  const DeviceKernel* device_kernel = nullptr;
  const void* params = nullptr;
  std::shared_ptr<const void> packed;
  std::vector<uint32_t> inputs, outputs;  ///< slots; kNone for absent ones
  size_t formal_inputs = 0;
  bool dynamic = false;
  bool view = false;                                ///< output 0 is bound to input memory: nothing to run
  std::vector<uint32_t> releases;                   ///< dynamic slots used here for the last time
  std::vector<std::shared_ptr<const Plan>> bodies;  ///< of the subgraphs, as numbered in OpDef::subgraphs
  std::vector<std::string> body_errors;  ///< why a body has no plan: it contradicts itself and must not be run

  bool is_copy() const { return kind == Kind::Upload || kind == Kind::Download; }
  std::string_view kernel_name() const;
};

/// A graph output: either its slot's root is kept in the output's own buffer, or it is copied there at the end.
struct PlanOutput {
  uint32_t slot = 0;
  bool direct = false;
};

/// Shared by any number of sessions and threads. Immutable, but for weights that are packed later.
class Plan {
 public:
  ~Plan();
  /// Plans a graph whose types are inferred. `graph` stays alive with the plan. Throws Unsupported, naming the node,
  /// when an operator has no kernel. With a device, nodes that have a kernel for it run there, the others on the CPU,
  /// with copies between the two as steps of their own (placement.h); constants are uploaded.
  static std::shared_ptr<const Plan> make(std::shared_ptr<const Graph> graph, const PlanOptions& options,
                                          const PackOptions& packing);

  /// To be called before each run.
  void before_run(ThreadPool& threads) const;
  /// Packs the weights that would be packed by a later run.
  void pack_now(ThreadPool& threads) const;

  const Graph& graph() const { return *graph_; }
  Precision precision() const { return precision_; }
  const std::string& provider() const { return provider_; }
  /// Remarks for people on how it was made.
  const std::vector<std::string>& notes() const { return notes_; }
  const DimProgram& dims() const { return dims_; }
  std::span<const Slot> slots() const { return slots_; }
  std::span<const Step> steps() const { return steps_; }
  /// The slots whose dims or contents follow from the input dims, in order.
  std::span<const uint32_t> bound_slots() const { return bound_slots_; }
  /// Slots of the graph inputs, then of the captured values (kNone where a capture is not used).
  std::span<const uint32_t> inputs() const { return inputs_; }
  std::span<const PlanOutput> outputs() const { return outputs_; }
  const ValueType& input_type(size_t input) const { return input_types_[input]; }
  /// For each dim of each input: the symbol it fixes, or kNone for a constant.
  std::span<const uint32_t> input_symbols(size_t input) const { return input_symbols_[input]; }
  /// The device that some steps run on; null: all run on the CPU.
  const std::shared_ptr<Device>& device() const { return device_; }

 private:
  friend class PlanBuilder;
  explicit Plan(std::vector<std::string> symbols);

  std::shared_ptr<const Graph> graph_;
  DimProgram dims_;
  std::vector<Slot> slots_;
  std::vector<Step> steps_;
  std::vector<uint32_t> bound_slots_;
  std::vector<uint32_t> inputs_;
  std::vector<ValueType> input_types_;
  std::vector<std::vector<uint32_t>> input_symbols_;
  std::vector<PlanOutput> outputs_;
  std::shared_ptr<Device> device_;
  Precision precision_ = Precision::Float32;
  std::string provider_;
  std::vector<std::string> notes_;
  std::unique_ptr<LateWeights> late_;  ///< null: none
};

/// Decides which slots share memory and how long each is alive; fills root, members, first, last, in_arena, releases
/// and Step::view, and which outputs are direct.
void assign_memory(std::span<Slot> slots, std::span<Step> steps, std::span<PlanOutput> outputs);

}  // namespace mica
