// The public C++ interface of Mica: load a model, compile it, run it.
//
//   const auto model = mica::Model::load("bert.onnx");
//   auto session = model.compile({.device = "cpu", .threads = 2});
//   auto out = session.run({{"input_ids", mica::Tensor::view<int64_t>({1, 128}, ids)}});
//   std::span<const float> logits = out["logits"].as<float>();
//
// All functions throw mica::Error.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/tensor.h"
#include "runtime/device_tensor.h"
#include "runtime/precision.h"

namespace mica {

class Graph;
class Plan;
class Session;
struct GraphModel;

struct LoadOptions {
  bool optimize = true;                              ///< run the passes and rules
  std::vector<std::string> without;                  ///< rules and passes to leave out, by name
  std::map<std::string, int64_t, std::less<>> dims;  ///< input dims fixed in advance, by symbol: {"batch", 1}
  std::vector<std::string> extra_outputs;  ///< names of intermediate values to be given out behind the model's outputs
};

struct CompileOptions {
  std::string device = "cpu";  ///< or "cuda:0"; nodes without a kernel for the device run on the CPU
  int threads = 0;             ///< the caller's included; 0: as many as the process has cores
  Precision precision = Precision::Float32;
  /// A folder that packed weights are kept in, so that the next program that compiles the same model maps them instead
  /// of packing them anew: a file as large as these, which is written when it is not there or does not fit. May be
  /// deleted at any time. Empty: none.
  std::string packed_cache = {};
  /// A library whose kernels go before Mica's own on the CPU: "onednn", in builds with MICA_ONEDNN. Empty: none.
  std::string provider = {};
  /// Packs all weights in `compile`. Else, where no folder keeps them, the second run packs those of large products,
  /// which the first multiplies where they lie: a program that runs a model once is done sooner.
  bool pack_at_once = false;
};

/// An input or output of a model. A dim that is not a number is a symbol ("batch") or an expression of symbols; with an
/// unknown rank `has_rank` is false.
struct ValueInfo {
  std::string name;
  DType dtype = DType::Undefined;
  bool has_rank = false;
  std::vector<std::string> dims;
  std::string type;  ///< "float[batch,4]", also of sequences and optionals
};

/// A loaded and optimised model. Cheap to copy; safe to share between threads.
class Model {
 public:
  /// Reads a file. Weights stay in the file, which is mapped and must not change while the model lives.
  static Model load(const std::string& path, const LoadOptions& options = {});
  /// Reads from memory, which is copied. External data cannot be found this way.
  static Model from_bytes(std::span<const std::byte> bytes, const LoadOptions& options = {});

  std::vector<ValueInfo> inputs() const;
  std::vector<ValueInfo> outputs() const;
  /// What the import had to mend, and which rules were applied.
  const std::vector<std::string>& notes() const;

  /// Chooses kernels, plans, and packs weights (see CompileOptions::pack_at_once). Sessions on the CPU of the same
  /// precision and provider share what is packed.
  Session compile(const CompileOptions& options = {}) const;

  /// The model's graph, for tools.
  const GraphModel& graph() const;

 private:
  struct State;
  explicit Model(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// Results of a run, by name or position. A copy of a Tensor (or of Outputs) keeps its memory alive; else the next
/// run of the session may write over it.
class Outputs {
 public:
  const Tensor& operator[](std::string_view name) const;  ///< throws InvalidArgument for an unknown name
  const Tensor& operator[](size_t index) const { return values_[index].tensor; }
  const Datum& datum(size_t index) const { return values_[index]; }
  size_t size() const { return values_.size(); }
  std::string_view name(size_t index) const { return (*names_)[index]; }

 private:
  friend class Session;
  std::shared_ptr<const std::vector<std::string>> names_;
  std::vector<Datum> values_;
};

/// An input by name. The tensor is read during the call only.
struct NamedInput {
  std::string_view name;
  Datum value;
};

/// One stream of runs over a compiled model: memory, state, threads. Not thread safe; use one session a thread.
class Session {
 public:
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// Runs once on all inputs, in any order. Throws InvalidArgument when one is missing, unknown, or does not fit.
  /// Allocates nothing when the input dims have been seen before and no shape depends on data, and from the third run
  /// on if weights are left to the second.
  const Outputs& run(std::span<const NamedInput> inputs);
  const Outputs& run(std::initializer_list<NamedInput> inputs) {
    return run(std::span<const NamedInput>(inputs.begin(), inputs.size()));
  }

  /// From now on `output` of a run is `input` of the next one, which is then not to be given any more. Starts as
  /// `set_state` says, else as zeros, with dims of 0 where no other input fixes them. Where the model only lengthens
  /// the input, as decoders do their caches, it is kept in place: a run then writes the new rows only, and `output` is
  /// not among what it gives out (an undefined tensor); `state_value` has it. On a device the state stays there whether
  /// it is lengthened or replaced, and `output` is not given out either, unless steps on the CPU make or read it. Once
  /// an input.
  void state(std::string_view input, std::string_view output);
  /// The value that a tied input has in the next run; its elements are copied. An undefined tensor: empty.
  void set_state(std::string_view input, const Tensor& value);
  /// A copy of it.
  Tensor state_value(std::string_view input) const;

  /// From now on runs read `input` from this memory of the session's device, without a copy, and it is not to be given
  /// any more. Its elements may change between runs; they are copied to the host only where steps on the CPU read them.
  /// An undefined tensor ends that. Throws InvalidArgument for a tensor of another device or type, and for states.
  void bind_input(std::string_view input, const DeviceTensor& tensor);
  /// From now on runs write `output` to this memory of the session's device, and do not give it out (an undefined
  /// tensor). Its dims have to be those that the inputs lead to; it shares no memory with an input. A run whose outputs
  /// are all bound, or kept as states, returns when the device has its work: `wait` before you look at them.
  void bind_output(std::string_view output, const DeviceTensor& tensor);
  /// Waits for the runs so far. Throws what went wrong in them on the device.
  void wait();

  /// Another session over the same plan, with its own memory and state, and threads of its own.
  Session fork() const;

  int threads() const;
  /// What compiling the model had to say: why packed weights were not kept, or not used.
  const std::vector<std::string>& notes() const;
  const Plan& plan() const;
  size_t arena_bytes() const;
  /// Adds the seconds of each step to `seconds` (one entry a step of the plan) from now on; an empty span stops that.
  void set_profile(std::span<double> seconds);
  /// Adds the seconds that the device was at work in a run to `*seconds` from now on; null stops that. Nothing is added
  /// on the CPU.
  void set_device_clock(double* seconds);

 private:
  friend class Model;
  struct State;
  explicit Session(std::unique_ptr<State> state);
  Outputs& outputs();
  std::unique_ptr<State> state_;
};

}  // namespace mica
