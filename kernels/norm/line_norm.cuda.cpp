// LRN and LpNormalization on CUDA devices.
#include "kernels/norm/line_norm.h"

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/norm/line_norm_cuda.h"

namespace mica {
namespace {

void run_lrn(const Lrn& op, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  if (shape.rank() < 2) bad_input("the input " + x.str() + " has no axis of channels");
  cuda::launch_local_norm(
      {number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), shape[0], shape[1], shape.elements(2, shape.rank()),
       (op.size - 1) / 2, op.size / 2, op.size, op.alpha, op.beta, op.bias},
      io.stream());
}

void run_lp_norm(const LpNorm& op, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  const size_t axis = normalize_axis(op.axis, shape.rank());
  cuda::launch_lp_norm({number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), shape.elements(0, axis), shape[axis],
                        shape.elements(axis + 1, shape.rank()), op.p == 2},
                       io.stream());
}

}  // namespace

void cuda_kernels_line_norm(DeviceKernelTable& table) {
  table.add("LRN", 1, device_kernel<Lrn>("elements", run_lrn));
  table.add("LpNormalization", 1, device_kernel<LpNorm>("rows", run_lp_norm));
}

}  // namespace mica
