// One kernel on a device, outside of a plan.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernels/device_kernel.h"

namespace mica::tools {

/// A kernel with operands of its own on the device, which hold what the host's do.
class DeviceKernelRun {
 public:
  /// `params` outlives this. Where `copies` is more than 1, runs take that many sets of operands in turn.
  DeviceKernelRun(std::shared_ptr<Device> device, const DeviceKernel& kernel, const void* params,
                  std::span<const Tensor> inputs, const Tensor& output, size_t copies = 1);

  /// Runs once and waits.
  void run();
  /// Seconds of the device's time that `runs` runs take, one behind the other, recorded and replayed.
  double time(int64_t runs);
  /// Records anew when it is next timed: the parameters are others.
  void forget() { recorded_ = 0; }
  /// What the last run of the first set has given, into a tensor of the host.
  void download(Tensor& output);

 private:
  struct Set {
    std::vector<Datum> inputs;
    Datum output;
    std::vector<Datum*> ins, outs;
  };

  Tensor on_device(const Tensor& like);
  void launch(Set& set);

  std::shared_ptr<Device> device_;
  const DeviceKernel& kernel_;
  const void* params_;
  std::vector<std::unique_ptr<Set>> sets_;
  DeviceScratch scratch_;
  std::shared_ptr<std::byte> fault_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Recording> recording_;
  int64_t recorded_ = 0;  ///< runs
};

}  // namespace mica::tools
