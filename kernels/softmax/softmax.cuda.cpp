// Softmax and LogSoftmax on CUDA devices.
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/softmax/axis.h"
#include "kernels/softmax/softmax_cuda.h"

namespace mica {
namespace {

template <bool log>
void run(const AlongAxis& op, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  const AxisExtent e = axis_extent(op, x.shape());
  cuda::launch_softmax({number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), e.outer, e.width, e.inner, log},
                       io.stream());
}

}  // namespace

void cuda_kernels_softmax(DeviceKernelTable& table) {
  table.add("Softmax", DeviceKernelTable::kAllVersions, device_kernel<AlongAxis>("rows", run<false>));
  table.add("LogSoftmax", DeviceKernelTable::kAllVersions, device_kernel<AlongAxis>("rows", run<true>));
}

}  // namespace mica
