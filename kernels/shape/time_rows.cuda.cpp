// ReverseSequence and TensorScatter on CUDA devices.
#include "kernels/device_kernel.h"
#include "kernels/gather/tensor_scatter.h"
#include "kernels/shape/copy_operand.h"
#include "kernels/shape/reverse_sequence.h"
#include "kernels/shape/time_rows_cuda.h"

namespace mica {
namespace {

void run_reverse(const ReverseSequence& op, const DeviceOperands& io) {
  const ReverseExtent e = reverse_extent(op, io.shapes());
  cuda::launch_reverse({io.data(0), io.out(0).mutable_raw(), bit_width(io.in(0).dtype()) / 8, e.batch, e.time, e.width,
                        e.batch_stride, e.time_stride, static_cast<const int64_t*>(io.data(1)), io.fault()},
                       io.stream());
}

void run_tensor_scatter(const TensorScatter& op, const DeviceOperands& io) {
  const CacheRows c = cache_rows(op, io.shapes());
  Tensor& y = io.out(0);
  if (io.data(0) != y.raw()) copy_on_device(io.in(0), y, io.stream());
  cuda::launch_cache_rows(
      {io.data(1), y.mutable_raw(), bit_width(y.dtype()) / 8, c.rows, c.per_batch, c.steps, c.length, c.width,
       static_cast<const int64_t*>(io.data(2)), op.mode == "circular", io.fault()},
      io.stream());
}

}  // namespace

void cuda_kernels_time_rows(DeviceKernelTable& table) {
  const auto accepts = takes_only(types::any - types::string - types::sub_byte);
  table.add("ReverseSequence", 10, device_kernel<ReverseSequence>("elements", run_reverse, accepts));
  table.add("TensorScatter", 24, device_kernel<TensorScatter>("elements", run_tensor_scatter, accepts));
}

}  // namespace mica
