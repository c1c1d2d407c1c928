// GridSample on CUDA devices: of floats, along up to three axes.
#include "kernels/image/grid_sample.h"

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/image/grid_sample_cuda.h"

namespace mica {
namespace {

constexpr size_t kMostAxes = cuda::GridSampleCall::kMostAxes;

void run(const GridSample& op, const DeviceOperands& io) {
  check_grid_sample(io.shapes());
  const Shape &x = io.in(0).shape(), &y = io.out(0).shape();
  const size_t rank = x.rank() - 2;
  cuda::GridSampleCall call{op.form,
                            number_of(io.in(0).dtype()),
                            number_of(io.in(1).dtype()),
                            io.data(0),
                            io.data(1),
                            io.out(0).mutable_raw(),
                            x[0],
                            x[1],
                            y.elements(2, y.rank()),
                            static_cast<int>(rank),
                            {1, 1, 1}};
  if (rank > kMostAxes) bad_input(x.str() + " has more than 3 spatial axes");
  for (size_t i = 0; i < rank; ++i) call.sizes[i] = x[rank + 1 - i];
  launch_grid_sample(call, io.stream());
}

std::string accepts(const void* params, std::span<const ValueType> inputs) {
  const auto& dims = inputs[0].dims;
  if (!dims || dims->size() > kMostAxes + 2) return "takes up to 3 spatial axes";
  return takes_only(types::floats)(params, inputs);
}

}  // namespace

void cuda_kernels_grid_sample(DeviceKernelTable& table) {
  table.add("GridSample", DeviceKernelTable::kAllVersions, device_kernel<GridSample>("elements", run, accepts));
}

}  // namespace mica
