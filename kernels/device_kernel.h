// Kernels that run on a device other than the CPU: what they are given, and the table of those in this build.
//
// A file `<family>/<name>.cuda.cpp` adds the CUDA kernels of some operators: the build collects its line
//   void cuda_kernels_<name>(DeviceKernelTable& table) {
// and makes `device_kernels()` of them. It takes operands apart and calls launchers, plain functions on pointers that
// the `.cu` file beside it defines, which neither allocate nor synchronise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/backend.h"
#include "graph/op_def.h"
#include "kernels/cuda/fault.h"
#include "kernels/operands.h"

namespace mica {

/// Device memory that kernels of one stream need while they run. Since they run one after the other, all take the same.
/// Grows to the largest demand seen.
class DeviceScratch {
 public:
  explicit DeviceScratch(Device& device) : device_(device) {}
  /// 256-byte aligned, uninitialised. Throws OutOfMemory.
  void* take(size_t bytes);
  /// Gives everything back to the kernels that are launched from now on.
  void reset() { used_ = 0; }
  /// Gives what `f` takes back to the kernels that are launched behind those of `f`.
  template <class F>
  void lend(F&& f) {
    const size_t blocks = blocks_.size(), used = used_;
    f();
    used_ = blocks_.size() == blocks ? used : 0;
  }
  /// Frees what was outgrown. Call it when the stream is idle.
  void trim();
  /// Changes when kernels launched before were given other memory than the same kernels would get now.
  const void* memory() const { return blocks_.empty() ? nullptr : blocks_.back().get(); }

 private:
  Device& device_;
  std::vector<std::shared_ptr<std::byte>> blocks_;  ///< the last one is in use
  size_t size_ = 0, used_ = 0;                      ///< bytes of the last block
};

/// Views of a node's inputs and outputs, as for kernels of the CPU (kernels/operands.h). Their memory is on the device,
/// but for that of inputs which the kernel reads on the host (DeviceKernel::host_inputs).
class DeviceOperands {
 public:
  struct Context {
    Stream* stream = nullptr;
    DeviceScratch* scratch = nullptr;
    cuda::Fault fault;
    int capability = 0;  ///< of the device, as in DeviceInfo
    /// Where a kernel that DeviceKernel::explains writes what it would launch, instead of launching it; null: it
    /// launches.
    std::string* explanation = nullptr;
  };

  DeviceOperands(std::span<Datum* const> inputs, std::span<Datum* const> outputs, const Context& context)
      : shapes_(inputs, outputs, nullptr, kNoContext), context_(&context) {}

  size_t inputs() const { return shapes_.inputs(); }
  size_t outputs() const { return shapes_.outputs(); }
  bool has(size_t input) const { return shapes_.has(input); }
  bool wants(size_t output) const { return shapes_.wants(output); }
  const Tensor& in(size_t input) const { return shapes_.in(input); }
  Tensor& out(size_t output) const { return shapes_.out(output); }
  /// Null for an absent input.
  const void* data(size_t input) const { return has(input) ? in(input).raw() : nullptr; }

  /// The same for functions that look at shapes, and at inputs read on the host, only.
  const Operands& shapes() const { return shapes_; }

  void* stream() const { return context_->stream->handle(); }
  const cuda::Fault& fault() const { return context_->fault; }
  int capability() const { return context_->capability; }
  bool explains() const { return context_->explanation != nullptr; }
  void explain(std::string text) const { *context_->explanation = std::move(text); }
  /// Device scratch for `count` elements, for this kernel only.
  template <class T>
  T* scratch(int64_t count) const {
    return static_cast<T*>(context_->scratch->take(static_cast<size_t>(count) * sizeof(T)));
  }
  /// Launches by `f`, whose scratch serves what is launched behind it too.
  template <class F>
  void lend_scratch(F&& f) const {
    context_->scratch->lend(std::forward<F>(f));
  }

 private:
  static constexpr Operands::Context kNoContext{};

  Operands shapes_;
  const Context* context_;
};

/// What a kernel reads instead of a constant.
using FormConstant = Tensor (*)(const Tensor& constant);

/// One way to compute an operator on a device. Of several the first that accepts the node is taken.
struct DeviceKernel {
  using Accepts = std::function<std::string(const void* params, std::span<const ValueType> inputs)>;

  std::string_view name;
  std::function<void(const void* params, const DeviceOperands& operands)> run;
  Accepts accepts;           ///< why the kernel cannot take this node; empty when it can
  uint64_t host_inputs = 0;  ///< bits of the inputs that are read on the host, such as axes
  /// Makes of constant input `formed_input` what the kernel reads instead, under the constant's dims: once a plan, on
  /// the host. Null: all constants are given as they are. A kernel that has it takes no node whose input is not
  /// constant.
  FormConstant form = nullptr;
  size_t formed_input = 0;
  int least_capability = 0;  ///< of devices that have its instructions (DeviceInfo::capability)

  /// Of several ways it takes one by the dims of operands, and says which when it is asked (DeviceOperands::explains):
  /// it then touches neither memory nor stream.
  bool explains = false;

  /// Honours OpDef::appends and OpDef::pitched as kernels of the CPU do.
  bool keeps_state = false;

  bool forms(size_t input) const { return form != nullptr && input == formed_input; }
  bool reads_on_host(size_t input) const { return input < 64 && (host_inputs >> input & 1) != 0; }
};

/// Device kernels of operators.
class DeviceKernelTable {
 public:
  static constexpr int64_t kAllVersions = -1;

  explicit DeviceKernelTable(std::string_view device = {}) : device_(device) {}
  /// `since` is that of the operator's definition: the kernel is given its parameter struct.
  void add(std::string_view op_type, int64_t since, DeviceKernel kernel, std::string_view domain = "");
  void append(DeviceKernelTable other);

  /// The kernels for an operator on a kind of device, best first.
  std::vector<const DeviceKernel*> find(const OpTable::Entry& op, std::string_view device) const;
  /// The kernel of that name of a kind of device, be it one of no operator; null when there is none.
  const DeviceKernel* named(std::string_view domain, std::string_view op_type, std::string_view device) const;

 private:
  struct Row {
    std::string_view device, domain, op_type;
    int64_t since;
    std::shared_ptr<const DeviceKernel> kernel;
  };
  std::string_view device_;
  std::vector<Row> rows_;
};

/// All device kernels of this build.
const DeviceKernelTable& device_kernels();

/// A kernel of an operator whose parameters are a `P`: void run(const P&, const DeviceOperands&).
template <class P, class F>
DeviceKernel device_kernel(std::string_view name, F run, DeviceKernel::Accepts accepts = {}, uint64_t host_inputs = 0) {
  return {name, [run](const void* params, const DeviceOperands& io) { run(*static_cast<const P*>(params), io); },
          std::move(accepts), host_inputs};
}

/// For DeviceKernel::accepts: all given tensors among `inputs` have one of these types.
DeviceKernel::Accepts takes_only(DTypeSet types, uint64_t inputs = ~0ull);

}  // namespace mica
