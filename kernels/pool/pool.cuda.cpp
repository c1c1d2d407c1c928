// Poolings on CUDA devices.
#include "kernels/pool/pool.h"

#include "kernels/conv/window_operand.h"
#include "kernels/device_kernel.h"
#include "kernels/pool/pool_cuda.h"
#include "kernels/reduce/reduce_cuda.h"

namespace mica {
namespace {

using cuda::PoolFunction;

cuda::PoolCall pool_call(PoolFunction function, const Window& window, const DeviceOperands& io, bool last) {
  const Shape& x = io.in(0).shape();
  const WindowGeometry g = last ? channels_last_pool_geometry(window, io.shapes()) : pool_geometry(window, io.shapes());
  const int64_t channels = last ? x.back() : x[1];
  cuda::PoolCall call{};
  set_window(call, g, x[0], {channels, last}, {channels, last});
  call.function = function;
  call.number = number_of(io.in(0).dtype());
  call.x = io.data(0);
  call.y = io.out(0).mutable_raw();
  call.batch = narrow_count(x[0]);
  call.channels = narrow_count(channels);
  return call;
}

void run_max(const MaxPool& op, const DeviceOperands& io) {
  cuda::PoolCall call = pool_call(PoolFunction::Max, op, io, false);
  if (io.wants(1)) call.indices = io.out(1).mutable_data<int64_t>();
  call.column_major_indices = op.storage_order == 1;
  launch_pool(call, io.stream());
}

template <PoolFunction function, bool last>
void run(const AveragePool& op, const DeviceOperands& io) {
  cuda::PoolCall call = pool_call(function, op, io, last);
  call.count_padding = op.count_include_pad;
  launch_pool(call, io.stream());
}

template <class P, class F>
DeviceKernel pool_kernel(F run, DTypeSet types) {
  return device_kernel<P>("windows", run, takes_windows(types));
}

DeviceKernel global_kernel(ReduceFunction function) {
  const auto run = [function](const void*, const DeviceOperands& io) {
    const Tensor& x = io.in(0);
    const auto [planes, width] = x.shape().split_at(2);
    if (io.out(0).elements() != planes) bad_input("output " + io.out(0).str() + " does not fit input " + x.str());
    cuda::ReduceCall call{function, number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), {}, {}, true};
    call.reduced.add(width, {{1}});
    call.kept.add(planes, {{width}});
    launch_reduce(call, io.stream());
  };
  return {"rows", run, takes_only(types::floats)};
}

}  // namespace

void cuda_kernels_pool(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  constexpr DTypeSet kBytes{DType::I8, DType::U8};
  table.add("MaxPool", kAllVersions, pool_kernel<MaxPool>(run_max, types::floats | kBytes));
  table.add("AveragePool", kAllVersions, pool_kernel<AveragePool>(run<PoolFunction::Average, false>, types::floats));
  table.add("ChannelsLastMaxPool", kAllVersions, pool_kernel<AveragePool>(run<PoolFunction::Max, true>, types::floats),
            "mica");
  table.add("ChannelsLastAveragePool", kAllVersions,
            pool_kernel<AveragePool>(run<PoolFunction::Average, true>, types::floats), "mica");
  table.add("GlobalAveragePool", kAllVersions, global_kernel(ReduceFunction::Mean));
  table.add("GlobalMaxPool", kAllVersions, global_kernel(ReduceFunction::Max));
}

}  // namespace mica
