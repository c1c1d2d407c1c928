// Gather on CUDA devices.
#include "kernels/gather/gather.h"

#include "kernels/device_kernel.h"
#include "kernels/gather/gather_cuda.h"

namespace mica {
namespace {

void run(const Gather& op, const DeviceOperands& io) {
  const Tensor &data = io.in(0), &indices = io.in(1);
  const Shape& shape = data.shape();
  const size_t axis = normalize_axis(op.axis, shape.rank());
  const int64_t rows = shape.elements(0, axis), slice = shape.elements(axis + 1, shape.rank());
  const int64_t picks = indices.elements();
  if (io.out(0).elements() != rows * picks * slice) {
    bad_input("gathering from " + data.str() + " does not fit " + io.out(0).str());
  }
  cuda::launch_gather({data.raw(),
                       io.out(0).mutable_raw(),
                       {indices.raw(), indices.dtype() == DType::I64},
                       rows,
                       picks,
                       shape[axis],
                       slice,
                       bit_width(data.dtype()) / 8,
                       io.fault()},
                      io.stream());
}

}  // namespace

void cuda_kernels_gather(DeviceKernelTable& table) {
  const auto accepts = takes_only(types::any - types::string - types::sub_byte, 1);
  table.add("Gather", 1, device_kernel<Gather>("slices", run, accepts));
}

}  // namespace mica
