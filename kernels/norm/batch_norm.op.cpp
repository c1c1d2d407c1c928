// BatchNormalization, ai.onnx 1, 6, 7, 9, 14:  Y = (X - mean) / sqrt(variance + epsilon) * scale + B
// for each channel, axis 1. At inference mean and variance are inputs. In training mode they are the batch's own, over
// all other axes, and the running ones are updated:  running = input * momentum + batch * (1 - momentum).
// Before version 14 it is the number of outputs that says which; a batch's mean and variance are then outputs 3 and 4.
// With `spatial` 0 (before version 9) every element of an instance is a channel of its own. A vector X has one channel.
#include "kernels/norm/batch_norm.h"

#include "backends/cpu/thread_pool.h"
#include "kernels/norm/loops.h"
#include "kernels/op.h"
#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

void prepare_by_outputs(BatchNorm& op, const NodeFacts& facts) {
  op.training = facts.outputs > 1 && !op.is_test;
}

void prepare_14(BatchNorm& op, const NodeFacts& facts) {
  if (!op.training && facts.outputs > 1) {
    throw Error(ErrorCode::InvalidModel, "running_mean and running_var are outputs of the training mode only");
  }
}

void infer(const BatchNorm&, InferContext& ctx) {
  same_dtype(ctx, 3, 4);
  ctx.set(0, ctx.type(0));
  if (const Dims* dims = ctx.dims(0); dims != nullptr && dims->empty()) ctx.fail("the input is a scalar");
  for (size_t i = 1; i < ctx.outputs(); ++i) ctx.set(i, ctx.type(3));
}

/// Mean and variance of one channel over all instances, in two passes.
NormMoments<double> batch_moments(const BatchNormLayout& l, const Tensor& x, int64_t channel) {
  constexpr int64_t kBlock = 256;
  const int64_t width = bit_width(x.dtype()) / 8;
  const double count = static_cast<double>(l.instances * l.plane);
  // The sum of squared differences from `*mean`, or of the elements where it is null.
  const auto sum = [&](const double* mean) {
    double block[kBlock], totals[4] = {};
    for (int64_t n = 0; n < l.instances; ++n) {
      const auto* plane = static_cast<const std::byte*>(x.raw()) + (n * l.channels + channel) * l.plane * width;
      for (int64_t first = 0; first < l.plane; first += kBlock) {
        const int64_t size = std::min(kBlock, l.plane - first);
        convert_floats(x.dtype(), plane + first * width, DType::F64, block, size);
        for (int64_t i = 0; i < size; ++i) {
          const double d = mean != nullptr ? block[i] - *mean : 0;
          totals[i % 4] += mean != nullptr ? d * d : block[i];
        }
      }
    }
    return totals[0] + totals[1] + totals[2] + totals[3];
  };
  const double mean = sum(nullptr) / count;
  return {mean, sum(&mean) / count};
}

/// Moments of the batch; the outputs beside Y are made of them and the inputs 3 and 4.
template <class W>
void train(const BatchNorm& op, const Operands& io, const BatchNormLayout& l, W* mean, W* variance) {
  io.threads().parallel_for(l.channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const auto m = batch_moments(l, io.in(0), c);
      mean[c] = static_cast<W>(m.mean);
      variance[c] = static_cast<W>(m.variance);
    }
  });
  for (size_t output = 1; output < io.outputs(); ++output) {
    if (!io.wants(output)) continue;
    const bool saved = output > 2;
    const W* batch = output % 2 == 1 ? mean : variance;
    visit_wide(io.out(output).dtype(), [&]<class U>() {
      const WideOutput<U> y(io, io.out(output));
      const U* running = widen<U>(io, io.in(output % 2 == 1 ? 3 : 4));
      const U momentum = saved ? U{0} : static_cast<U>(op.momentum);
      for (int64_t c = 0; c < l.channels; ++c) {
        const U current = static_cast<U>(batch[c]);
        y.data()[c] = saved ? current : running[c] * momentum + current * (1 - momentum);
      }
      y.store();
    });
  }
}

template <class T>
void normalize(const BatchNorm& op, const Operands& io, const BatchNormLayout& l) {
  using W = Wide<T>;
  const W* mean = nullptr;
  const W* variance = nullptr;
  if (op.training) {
    W* moments = io.scratch<W>(2 * l.channels);
    train(op, io, l, moments, moments + l.channels);
    mean = moments;
    variance = moments + l.channels;
  } else {
    mean = widen<W>(io, io.in(3));
    variance = widen<W>(io, io.in(4));
  }
  const W* scale = widen<W>(io, io.in(1));
  const W* shift = widen<W>(io, io.in(2));
  W* factor = io.scratch<W>(l.channels);
  for (int64_t c = 0; c < l.channels; ++c) {
    factor[c] = scale[c] / std::sqrt(variance[c] + static_cast<W>(op.epsilon));
  }
  const T* x = io.in(0).data<T>();
  T* y = io.out(0).mutable_data<T>();
  const auto& loops = norm_loops<T>();
  const bool rows = l.plane == 1;  // whose neighbours are of different channels
  const int64_t width = rows ? l.channels : l.plane;
  const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(1, width));
  io.threads().parallel_for(rows ? l.instances : l.instances * l.channels, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto* from = stored(x + i * width);
      auto* to = stored(y + i * width);
      const int64_t c = i % l.channels;
      if (rows) {
        loops.affine_each(from, to, width, mean, factor, shift);
      } else {
        loops.affine(from, to, width, mean[c], factor[c], shift[c]);
      }
    }
  });
}

void run_cpu(const BatchNorm& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const BatchNormLayout l = batch_norm_layout(op, x.shape());
  for (size_t i = 1; i < 5; ++i) {
    if (io.in(i).elements() != l.channels) {
      throw_error(ErrorCode::InvalidArgument,
                  {"scale, B, mean or variance is ", io.in(i), ", the input ", x, " has ", l.channels, " channels"});
    }
  }
  for (size_t i = 1; i < io.outputs(); ++i) {
    if (io.wants(i) && io.out(i).elements() != l.channels)
      throw_error(ErrorCode::InvalidArgument, {"an output is ", io.out(i)});
  }
  if (x.elements() == 0 && !op.training) return;
  visit_dtype<float, double, Half, BFloat16>(x.dtype(), [&]<class T>() { normalize<T>(op, io, l); });
}

OpBuilder<BatchNorm> batch_norm() {
  return op<BatchNorm>()
      .input("X", types::floats)
      .input("scale", types::floats)
      .input("B", types::floats)
      .input("mean", types::floats)
      .input("var", types::floats)
      .output("Y")
      .optional_output("running_mean")
      .optional_output("running_var")
      .attribute("epsilon", &BatchNorm::epsilon)
      .attribute("momentum", &BatchNorm::momentum)
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

OpBuilder<BatchNorm> by_outputs() {
  return batch_norm().optional_output("saved_mean").optional_output("saved_var").prepare<prepare_by_outputs>();
}

OpBuilder<BatchNorm> with_mode() {
  return by_outputs().attribute("is_test", &BatchNorm::is_test).attribute("spatial", &BatchNorm::spatial);
}

}  // namespace

BatchNormLayout batch_norm_layout(const BatchNorm& op, const Shape& shape) {
  if (shape.rank() == 0) bad_input("the input is a scalar");
  if (shape.rank() == 1) return {shape[0], 1, 1};
  const int64_t plane = shape.elements(2, shape.rank());
  return op.spatial ? BatchNormLayout{shape[0], shape[1], plane} : BatchNormLayout{shape[0], shape[1] * plane, 1};
}

MICA_OP(BatchNormalization, 14) {
  return batch_norm().attribute("training_mode", &BatchNorm::training).prepare<prepare_14>();
}

MICA_OP(BatchNormalization, 9) {
  return by_outputs();
}

MICA_OP(BatchNormalization, 7) {
  return by_outputs().attribute("spatial", &BatchNorm::spatial);
}

MICA_OP(BatchNormalization, 6) {
  return with_mode();
}

MICA_OP(BatchNormalization, 1) {
  return with_mode().ignored_attribute("consumed_inputs");
}

}  // namespace mica
