// Cast and CastLike on CUDA devices.
#include "kernels/cast/cast.h"

#include "kernels/cast/cast_cuda.h"
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"

namespace mica {
namespace {

constexpr DTypeSet kTypes = types::floats | (types::ints - DTypeSet{DType::U64}) | types::boolean;

void run(const Cast&, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  cuda::launch_cast({x.raw(), number_of(x.dtype()), y.mutable_raw(), number_of(y.dtype()), x.elements()}, io.stream());
}

std::string refuse(const void* params, std::span<const ValueType> inputs) {
  const DType to = static_cast<const Cast*>(params)->to;
  if (to != DType::Undefined && !kTypes.contains(to)) return "does not cast to " + std::string(name(to));
  return takes_only(kTypes)(params, inputs);
}

}  // namespace

void cuda_kernels_cast(DeviceKernelTable& table) {
  const DeviceKernel cast = device_kernel<Cast>("elements", run, refuse);
  table.add("Cast", DeviceKernelTable::kAllVersions, cast);
  table.add("CastLike", DeviceKernelTable::kAllVersions, cast);
}

}  // namespace mica
