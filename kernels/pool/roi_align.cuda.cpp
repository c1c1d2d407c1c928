// RoiAlign on CUDA devices.
#include "kernels/pool/roi_align.h"

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/pool/roi_align_cuda.h"

namespace mica {
namespace {

void run(const RoiAlign& op, const DeviceOperands& io) {
  check_roi_align(op, io.shapes());
  const Shape& x = io.in(0).shape();
  cuda::launch_roi_align(
      {op, number_of(io.in(0).dtype()), io.data(0), io.data(1), static_cast<const int64_t*>(io.data(2)),
       io.out(0).mutable_raw(), io.in(1).shape()[0], x[0], x[1], x[2], x[3], op.mode == "avg", io.fault()},
      io.stream());
}

}  // namespace

void cuda_kernels_roi_align(DeviceKernelTable& table) {
  table.add("RoiAlign", DeviceKernelTable::kAllVersions, device_kernel<RoiAlign>("elements", run));
}

}  // namespace mica
