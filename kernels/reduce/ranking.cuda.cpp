// ArgMax, ArgMin and TopK on CUDA devices.
#include "kernels/reduce/ranking.h"

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/reduce/ranking_cuda.h"

namespace mica {
namespace {

constexpr DTypeSet kTypes = types::floats | (types::ints - DTypeSet{DType::U64});

// Of the axis of x, of which `k` elements are wanted.
cuda::RankingCall ranking_call(const Tensor& x, int64_t axis, int64_t k, Tensor& indices) {
  const Shape& shape = x.shape();
  const size_t at = normalize_axis(axis, shape.rank());
  const int64_t inner = shape.elements(at + 1, shape.rank());
  cuda::RankingCall call{};
  call.number = number_of(x.dtype());
  call.x = x.raw();
  call.indices = indices.mutable_data<int64_t>();
  call.rows = shape.elements(0, at) * inner;
  call.width = shape[at];
  call.inner = inner;
  call.k = k;
  if (call.width >= int64_t{1} << 31) bad_input("the axis of " + x.str() + " is too long");
  if (call.rows > 0 && k > call.width) {
    bad_input(std::to_string(k) + " elements are wanted of an axis of " + std::to_string(call.width));
  }
  if (indices.elements() != call.rows * k) bad_input("the output has " + indices.str());
  return call;
}

void run_arg_extreme(const ArgExtreme& op, const DeviceOperands& io) {
  cuda::RankingCall call = ranking_call(io.in(0), op.axis, 1, io.out(0));
  call.largest = op.largest;
  call.nan_first = true;
  call.last = op.select_last_index;
  launch_ranking(call, io.stream());
}

void run_topk(const TopK& op, const DeviceOperands& io) {
  Tensor& values = io.out(0);
  const int64_t k = values.shape()[normalize_axis(op.axis, values.shape().rank())];
  cuda::RankingCall call = ranking_call(io.in(0), op.axis, k, io.out(1));
  call.values = values.mutable_raw();
  call.largest = call.nan_first = op.largest;
  launch_ranking(call, io.stream());
}

}  // namespace

void cuda_kernels_ranking(DeviceKernelTable& table) {
  const DeviceKernel extreme = device_kernel<ArgExtreme>("rows", run_arg_extreme, takes_only(kTypes));
  table.add("ArgMax", DeviceKernelTable::kAllVersions, extreme);
  table.add("ArgMin", DeviceKernelTable::kAllVersions, extreme);
  table.add("TopK", DeviceKernelTable::kAllVersions,
            device_kernel<TopK>("rows", run_topk, takes_only(kTypes, 1), 0b10));
}

}  // namespace mica
