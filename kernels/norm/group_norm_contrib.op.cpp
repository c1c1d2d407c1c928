// GroupNorm, com.microsoft 1:  Y = (X - mean) / sqrt(variance + epsilon) * gamma + beta,  and with `activation` 1 that
// times its sigmoid. Mean and variance are of each instance's group of neighbouring channels, which are the last axis
// (`channels_last` 1) or axis 1; gamma and beta, of each channel. Elements may be narrower than gamma and beta.
#include <cmath>

#include "backends/cpu/thread_pool.h"
#include "kernels/norm/group_norm.h"
#include "kernels/wide.h"
#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

void infer(const GroupNormContrib& op, InferContext& ctx) {
  ctx.set(0, ctx.type(0));
  if (op.groups < 1) throw_error(ErrorCode::InvalidModel, {"groups is ", op.groups});
  if (op.activation != 0 && op.activation != 1)
    throw_error(ErrorCode::InvalidModel, {"activation ", op.activation, " is unknown"});
  const Dims* dims = ctx.dims(0);
  if (dims != nullptr && dims->size() < 2)
    throw_error(ErrorCode::InvalidModel, {"the input ", *dims, " has no axis of channels"});
}

/// One group of one instance: `members` channels of `plane` elements. Neighbours in a channel are `step` apart,
/// channels `channel_step`.
struct Group {
  int64_t members, plane, step, channel_step;
};

template <class T, class W>
void normalize(const GroupNormContrib& op, const Group& g, const T* x, T* y, const W* gamma, const W* beta) {
  const auto for_each = [&](auto f) {
    // The inner loop runs over neighbours in memory.
    const bool planes = g.step == 1;
    for (int64_t i = 0; i < (planes ? g.members : g.plane); ++i) {
      for (int64_t j = 0; j < (planes ? g.plane : g.members); ++j) {
        const int64_t c = planes ? i : j, p = planes ? j : i;
        f(c * g.channel_step + p * g.step, c);
      }
    }
  };
  const double count = static_cast<double>(g.members * g.plane);
  double sum = 0, squares = 0;
  for_each([&](int64_t at, int64_t) { sum += static_cast<double>(x[at]); });
  const double mean = sum / count;
  for_each([&](int64_t at, int64_t) {
    const double d = static_cast<double>(x[at]) - mean;
    squares += d * d;
  });
  const double inverse = 1 / std::sqrt(squares / count + static_cast<double>(op.epsilon));
  for_each([&](int64_t at, int64_t c) {
    const W v = static_cast<W>((static_cast<double>(x[at]) - mean) * inverse) * gamma[c] + beta[c];
    y[at] = static_cast<T>(op.activation == 1 ? v / (1 + std::exp(-v)) : v);
  });
}

void run_cpu(const GroupNormContrib& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const auto [channels, plane] = checked_channels(op, io);
  const int64_t members = channels / op.groups;
  const Group group{members, plane, op.channels_last ? channels : 1, op.channels_last ? 1 : plane};
  visit_dtype<float, double, Half, BFloat16>(x.dtype(), [&, channels = channels, plane = plane]<class T>() {
    const Wide<T>* gamma = widen<Wide<T>>(io, io.in(1));
    const Wide<T>* beta = widen<Wide<T>>(io, io.in(2));
    io.threads().parallel_for(x.shape()[0] * op.groups, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % op.groups * members;
        const int64_t at = i / op.groups * channels * plane + first * group.channel_step;
        normalize(op, group, x.data<T>() + at, io.out(0).mutable_data<T>() + at, gamma + first, beta + first);
      }
    });
  });
}

}  // namespace

ChannelPlanes checked_channels(const GroupNormContrib& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  if (shape.rank() < 2) throw_error(ErrorCode::InvalidArgument, {"the input ", x, " has no axis of channels"});
  const int64_t channels = op.channels_last ? shape.back() : shape[1];
  if (channels % op.groups != 0 || io.in(1).elements() != channels || io.in(2).elements() != channels) {
    throw_error(ErrorCode::InvalidArgument,
                {op.groups, " groups, gamma ", io.in(1), " and beta ", io.in(2), " do not fit ", x});
  }
  return {channels, op.channels_last ? shape.elements(1, shape.rank() - 1) : shape.elements(2, shape.rank())};
}

MICA_OP(GroupNorm, 1, com_microsoft) {
  return op<GroupNormContrib>()
      .input("X", types::floats)
      .input("gamma", types::floats)
      .input("beta", types::floats)
      .output("Y")
      .attribute("epsilon", &GroupNormContrib::epsilon)
      .required("groups", &GroupNormContrib::groups)
      .required("activation", &GroupNormContrib::activation)
      .attribute("channels_last", &GroupNormContrib::channels_last)
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace mica
