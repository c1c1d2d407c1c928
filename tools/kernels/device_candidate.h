// The kernels that a device has for a problem, and what the device can do at most.
#pragma once

#include <memory>
#include <string_view>

#include "backends/backend.h"
#include "tools/kernels/candidate.h"
#include "tools/kernels/peaks.h"

namespace mica::tools {

/// Where the operands of a run lie before it.
enum class OperandMemory : uint8_t {
  Warm,  ///< the same memory in every run: what the device's cache holds of it stays there
  Cold,  ///< the runs take copies in turn that are together larger than any cache
};

/// Those of the operator, best first, and the device's own library. Times are of a recording of all runs, by the
/// device's clock. They refer to the problem.
KernelCandidates make_device_candidates(const KernelProblem& problem, const std::shared_ptr<Device>& device,
                                        OperandMemory memory);

/// Operations: multiply-adds of floats on the plain units, or, of float16 and bfloat16, what the device's library gets
/// out of a large product. Bytes: read and written by a large copy within the device's memory.
class DevicePeaks : public Peaks {
 public:
  DevicePeaks(std::shared_ptr<Device> device, DType dtype);
  ~DevicePeaks() override;

  void measure_operations(int tries) override;
  void measure_bytes() override;

 private:
  class Units;
  std::shared_ptr<Device> device_;
  std::unique_ptr<Units> units_;
};

}  // namespace mica::tools
