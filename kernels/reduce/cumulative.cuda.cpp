// CumSum and CumProd on CUDA devices.
#include "kernels/reduce/cumulative.h"

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/reduce/cumulative_cuda.h"

namespace mica {
namespace {

DeviceKernel kernel_of(bool product) {
  const auto run = [product](const Cumulative& op, const DeviceOperands& io) {
    const Tensor& x = io.in(0);
    const auto [rows, width, inner] = cumulative_rows(x, io.in(1));
    cuda::launch_cumulative(
        {number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), rows, width, inner, product, op.exclusive, op.reverse},
        io.stream());
  };
  constexpr DTypeSet kTypes = types::floats | DTypeSet{DType::I32, DType::U32, DType::I64};
  return device_kernel<Cumulative>("rows", run, takes_only(kTypes, 1), 0b10);
}

}  // namespace

void cuda_kernels_cumulative(DeviceKernelTable& table) {
  table.add("CumSum", DeviceKernelTable::kAllVersions, kernel_of(false));
  table.add("CumProd", DeviceKernelTable::kAllVersions, kernel_of(true));
}

}  // namespace mica
