// Reduce* on CUDA devices.
#include "kernels/reduce/reduce.h"

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/reduce/reduce_cuda.h"
#include "kernels/reduce/reduce_op.h"

namespace mica {
namespace {

cuda::Walk<1> walk_over(const std::array<ReductionAxes::Group, Shape::kMaxRank>& groups, size_t count) {
  cuda::Walk<1> walk;
  for (size_t i = count; i-- > 0;) walk.add(groups[i].size, {{groups[i].stride}});
  return walk;
}

void run(ReduceFunction function, const void* params, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  const ReductionAxes axes = axes_to_reduce(params, io.shapes());
  cuda::launch_reduce(
      {function, number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), walk_over(axes.kept, axes.kept_count),
       walk_over(axes.reduced, axes.reduced_count), axes.inner_reduced},
      io.stream());
}

constexpr DTypeSet kSummed{DType::I32, DType::I64};

struct Named {
  std::string_view op_type;
  ReduceFunction function;
  DTypeSet types;
};
constexpr Named kFunctions[] = {
    {"ReduceSum", ReduceFunction::Sum, types::floats | kSummed},
    {"ReduceMean", ReduceFunction::Mean, types::floats},
    {"ReduceSumSquare", ReduceFunction::SumSquare, types::floats},
    {"ReduceL1", ReduceFunction::L1, types::floats},
    {"ReduceL2", ReduceFunction::L2, types::floats},
    {"ReduceLogSum", ReduceFunction::LogSum, types::floats},
    {"ReduceLogSumExp", ReduceFunction::LogSumExp, types::floats},
    {"ReduceProd", ReduceFunction::Prod, types::floats | kSummed},
    {"ReduceMax", ReduceFunction::Max, types::floats | kSummed},
    {"ReduceMin", ReduceFunction::Min, types::floats | kSummed},
};

}  // namespace

void cuda_kernels_reduce(DeviceKernelTable& table) {
  for (const auto& [op_type, function, types] : kFunctions) {
    const auto run_function = [function = function](const void* params, const DeviceOperands& io) {
      run(function, params, io);
    };
    table.add(op_type, DeviceKernelTable::kAllVersions, {"rows", run_function, takes_only(types, 1), 0b10});
  }
}

}  // namespace mica
