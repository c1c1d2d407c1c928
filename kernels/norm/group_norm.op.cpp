// InstanceNormalization, ai.onnx 1; GroupNormalization, ai.onnx 18 and 21:
//   Y = (X - mean) / sqrt(variance + epsilon) * scale + bias
// with the mean and variance of each instance's channel, or group of neighbouring channels, and a scale and a bias for
// each channel; in version 18 of GroupNormalization, for each group. `stash_type` names the type to compute in; Mica
// computes in float at least.
#include "kernels/norm/group_norm.h"

#include "backends/cpu/thread_pool.h"
#include "kernels/norm/loops.h"
#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

void infer(const GroupNorm& op, InferContext& ctx) {
  for (size_t i = 1; i < ctx.inputs(); ++i) same_dtype(ctx, 0, i);
  ctx.set(0, ctx.type(0));
  if (op.groups < 0) throw_error(ErrorCode::InvalidModel, {"num_groups is ", op.groups});
  if (!is_float(op.stash_type))
    throw_error(ErrorCode::InvalidModel, {"stash_type ", name(op.stash_type), " is not a float"});
  const Dims* dims = ctx.dims(0);
  if (dims != nullptr && dims->size() < 2)
    throw_error(ErrorCode::InvalidModel, {"the input ", *dims, " has no axis of channels"});
}

template <class T>
void normalize_groups(const GroupNorm& op, const Operands& io, int64_t groups) {
  using W = Wide<T>;
  const Shape& shape = io.in(0).shape();
  const int64_t channels = shape[1], plane = shape.elements(2, shape.rank());
  const int64_t members = groups == 0 ? 0 : channels / groups;
  const T* x = io.in(0).data<T>();
  T* y = io.out(0).mutable_data<T>();
  const W* scale = widen<W>(io, io.in(1));
  const W* bias = widen<W>(io, io.in(2));
  const auto& loops = norm_loops<T>();
  const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(1, members * plane));
  io.threads().parallel_for(shape[0] * groups, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t at = i * members * plane, group = i % groups;
      const NormMoments<W> m = loops.moments(stored(x + at), members * plane);
      const W inverse = 1 / std::sqrt(m.variance + static_cast<W>(op.epsilon));
      for (int64_t c = 0; c < members; ++c) {
        const int64_t k = op.scale_groups ? group : group * members + c;
        loops.affine(stored(x + at + c * plane), stored(y + at + c * plane), plane, m.mean, inverse * scale[k],
                     bias[k]);
      }
    }
  });
}

void run_cpu(const GroupNorm& op, const Operands& io) {
  const int64_t groups = checked_groups(op, io);
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() { normalize_groups<T>(op, io, groups); });
}

OpBuilder<GroupNorm> norm(const GroupNorm& defaults, const char* input, const char* bias, const char* output) {
  return op(defaults)
      .input(input, types::floats)
      .input("scale", types::floats)
      .input(bias, types::floats)
      .output(output)
      .attribute("epsilon", &GroupNorm::epsilon)
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

OpBuilder<GroupNorm> group_norm(const GroupNorm& defaults) {
  return norm(defaults, "X", "bias", "Y").required("num_groups", &GroupNorm::groups);
}

}  // namespace

int64_t checked_groups(const GroupNorm& op, const Operands& io) {
  const Tensor& x = io.in(0);
  if (x.shape().rank() < 2) throw_error(ErrorCode::InvalidArgument, {"the input ", x, " has no axis of channels"});
  const int64_t channels = x.shape()[1];
  const int64_t groups = op.groups == 0 ? channels : op.groups;
  if (groups > 0 && channels % groups != 0) {
    throw_error(ErrorCode::InvalidArgument, {channels, " channels are not ", groups, " equal groups"});
  }
  const int64_t scales = op.scale_groups ? groups : channels;
  for (const size_t i : {1, 2}) {
    if (io.in(i).elements() != scales) {
      throw_error(ErrorCode::InvalidArgument, {"scale or bias is ", io.in(i), ", ", scales, " elements are wanted"});
    }
  }
  return groups;
}

MICA_OP(InstanceNormalization, 1) {
  return norm({}, "input", "B", "output").ignored_attribute("consumed_inputs");
}

MICA_OP(InstanceNormalization, 6) {
  return norm({}, "input", "B", "output");
}

MICA_OP(GroupNormalization, 18) {
  return group_norm({.scale_groups = true});
}

MICA_OP(GroupNormalization, 21) {
  return group_norm({}).attribute("stash_type", &GroupNorm::stash_type);
}

}  // namespace mica
