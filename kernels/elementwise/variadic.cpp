#include "kernels/elementwise/variadic.h"

#include <cstring>

#include "backends/cpu/thread_pool.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

// Spreads a tensor over the output, converted where there is a conversion.
void expand(ThreadPool& threads, const BroadcastOperand& from, const BroadcastOperand& to, ConvertLoop widen) {
  const BroadcastWalk walk(to, std::array{from, to});  // one operand has to have the output's shape
  const bool repeats = walk.repeats(0);
  walk.run(threads, kElementwiseGrain, [&](const BroadcastWalk::Row& row) {
    const int64_t read = repeats ? 1 : row.count;
    if (widen != nullptr) {
      widen(row.in[0], row.out, read);
    } else if (row.out != row.in[0]) {
      std::memcpy(row.out, row.in[0], static_cast<size_t>(read) * to.width);
    }
    for (int64_t i = read; i < row.count; ++i) {
      std::memcpy(row.out + i * static_cast<int64_t>(to.width), row.out, to.width);
    }
  });
}

// What the dims of all inputs are that have any; nullopt when none has.
std::optional<Dims> merged_inputs(const InferContext& ctx) {
  std::optional<Dims> result;
  for (size_t i = 0; i < ctx.inputs(); ++i) {
    const Dims* dims = ctx.dims(i);
    if (dims == nullptr) continue;
    if (!result) result = *dims;
    if (result->size() != dims->size())
      throw_error(ErrorCode::InvalidModel, {"ranks differ: ", *result, " and ", *dims});
    for (size_t k = 0; k < dims->size(); ++k) (*result)[k] = ctx.merge((*result)[k], (*dims)[k], "dims of the inputs");
  }
  return result;
}

}  // namespace

void run_variadic(const Operands& io, const BinaryKernel& kernel, const FoldEnd& end) {
  Tensor& out = io.out(0);
  const int64_t count = out.elements();
  BroadcastOperand y(out);
  if (kernel.narrow != nullptr) y = {io.scratch<float>(count), out.shape(), sizeof(float)};
  BinaryKernel step = kernel;
  step.narrow = nullptr;
  size_t next = 1;
  if (io.inputs() > 1 && (io.in(0).shape() == out.shape() || io.in(1).shape() == out.shape())) {
    run_binary(io.threads(), step, BroadcastOperand(io.in(0)), BroadcastOperand(io.in(1)), y);
    next = 2;
  } else {
    expand(io.threads(), BroadcastOperand(io.in(0)), y, kernel.widen_a);
  }
  step.widen_a = nullptr;
  for (; next < io.inputs(); ++next) run_binary(io.threads(), step, y, BroadcastOperand(io.in(next)), y);
  if (end.apply == nullptr && kernel.narrow == nullptr) return;
  io.threads().parallel_for(count, kElementwiseGrain, [&](int64_t first, int64_t last) {
    std::byte* at = static_cast<std::byte*>(const_cast<void*>(y.data)) + first * static_cast<int64_t>(y.width);
    if (end.apply != nullptr) end.apply(at, end.operand, at, last - first);
    if (kernel.narrow != nullptr) kernel.narrow(at, out.mutable_data<uint16_t>() + first, last - first);
  });
}

OpDef* define_variadic(DTypeSet types, const char* output, bool broadcasts, DimFunction contents, KernelFn run) {
  OpDef* def = op().variadic_input("data_0", types)
                   .output(output)
                   .ignored_attribute("consumed_inputs")
                   .may_overwrite(0, 0)
                   .may_overwrite(0, 1)
                   .elementwise();
  def->infer = [broadcasts, contents](const void*, InferContext& ctx) {
    for (size_t i = 1; i < ctx.inputs(); ++i) same_dtype(ctx, 0, i);
    auto dims = broadcasts ? broadcast_inputs(ctx) : merged_inputs(ctx);
    set_result(ctx, ctx.dtype(0), std::move(dims), contents);
  };
  return add_kernel(def, run);
}

}  // namespace mica
