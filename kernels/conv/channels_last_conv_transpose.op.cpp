// ChannelsLastConvTranspose, mica 1: ConvTranspose of ai.onnx of tensors [N, spatial..., channels], of one or two
// spatial axes, whose strides are as large as the kernel, so that each output is seen by one tap:
//   Y[n, o * kernel + k, m] = B[m] + sum over c of X[n, o, c] * W[c, m, k]
#include "kernels/conv/conv_transpose.h"
#include "kernels/matmul/gemm.h"
#include "kernels/packing.h"
#include "runtime/base/concat.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

// Weights [channels, filters, kernel...] as, for each line of the kernel, a right operand whose columns are the outputs
// that one position of the input makes in a line.
struct Taps {
  int64_t channels, filters, lines, columns;

  explicit Taps(const Shape& w) : channels(w[0]), filters(w[1]), lines(w.rank() == 3 ? 1 : w[2]), columns(w.back()) {}
  int64_t outputs() const { return columns * filters; }
  int64_t of_line() const { return packed_elements(channels, outputs()); }
  /// Lines [begin, end) of the kernel.
  void pack(const Tensor& w, float* to, int64_t begin, int64_t end) const {
    std::vector<float> line(static_cast<size_t>(channels * outputs()));
    for (int64_t i = begin; i < end; ++i) {
      float* element = line.data();
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t j = 0; j < columns; ++j) {
          for (int64_t m = 0; m < filters; ++m) {
            *element++ = element_at<float>(w, ((c * filters + m) * lines + i) * columns + j);
          }
        }
      }
      mica::pack({line.data(), outputs(), 1}, channels, outputs(), to + i * of_line());
    }
  }
};

bool is_image(size_t rank) {
  return rank == 3 || rank == 4;
}

void infer(const ChannelsLastConvTranspose&, InferContext& ctx) {
  const Dims *x = ctx.dims(0), *w = ctx.dims(1);
  if (x == nullptr || w == nullptr) return ctx.set(0, DType::F32);
  if (!is_image(x->size()) || x->size() != w->size()) {
    throw_error(ErrorCode::InvalidModel, {"input ", *x, " and weights ", *w, " do not have one or two spatial axes"});
  }
  ctx.merge(x->back(), (*w)[0], "channels of the input and of the weights");
  if (ctx.has(2) && ctx.dims(2) != nullptr && ctx.dims(2)->size() == 1) {
    ctx.merge((*w)[1], ctx.dims(2)->front(), "numbers of filters and of bias elements");
  }
  Dims y{x->front()};
  for (size_t i = 1; i + 1 < x->size(); ++i) y.push_back((*x)[i] * (*w)[i + 1]);
  y.push_back((*w)[1]);
  ctx.set(0, DType::F32, std::move(y));
}

std::shared_ptr<const PackedBytes> prepack(const ChannelsLastConvTranspose&, const ConstantOperands& constants) {
  const Tensor* w = constants.in(1);
  if (w == nullptr || !is_image(w->shape().rank())) return nullptr;
  const Taps taps(w->shape());
  PackTask task;
  task.form = "lines of a kernel of channels last, transposed";
  task.bytes = static_cast<size_t>(taps.lines * taps.of_line()) * sizeof(float);
  task.parts = taps.lines;
  task.fill = [taps](const Tensor& constant, std::byte* to, int64_t begin, int64_t end) {
    taps.pack(constant, reinterpret_cast<float*>(to), begin, end);
  };
  return pack(*w, std::move(task));
}

// The bias of all outputs of a position; null without.
const float* repeated_bias(const Operands& io, const Taps& taps) {
  if (!io.has(2)) return nullptr;
  if (io.in(2).elements() != taps.filters)
    throw_error(ErrorCode::InvalidArgument, {"the bias ", io.in(2), " is not one number for each filter"});
  float* bias = io.scratch<float>(taps.outputs());
  for (int64_t j = 0; j < taps.columns; ++j) std::copy_n(io.in(2).data<float>(), taps.filters, bias + j * taps.filters);
  return bias;
}

void run_cpu(const ChannelsLastConvTranspose&, const Operands& io) {
  const Shape &x = io.in(0).shape(), &w = io.in(1).shape();
  const Tensor& y = io.out(0);
  if (!is_image(x.rank()) || w.rank() != x.rank() || x.back() != w[0] ||
      y.elements() != x.elements(0, x.rank() - 1) * w.elements(1, w.rank())) {
    throw_error(ErrorCode::InvalidArgument, {"input ", x, ", weights ", w, " and output ", y.shape(), " do not fit"});
  }
  if (y.elements() == 0) return;
  const Taps taps(w);
  const float* packed = io.packed<PackedBytes>() != nullptr ? io.packed<PackedBytes>()->data<float>() : nullptr;
  if (packed == nullptr) {
    float* own = io.scratch<float>(taps.lines * taps.of_line());
    taps.pack(io.in(1), own, 0, taps.lines);
    packed = own;
  }
  const float* bias = repeated_bias(io, taps);
  const int64_t width = x[x.rank() - 2], lines = x.elements(0, x.rank() - 2);
  gemm_each(io, lines * taps.lines, [&](int64_t i) {
    Product p{width, taps.outputs(), taps.channels};
    p.a = {io.in(0).data<float>() + i / taps.lines * width * taps.channels, taps.channels, 1};
    p.packed_b = packed + i % taps.lines * taps.of_line();
    p.c = io.out(0).mutable_data<float>() + i * width * taps.outputs();
    p.c_row = taps.outputs();
    if (bias != nullptr) p.epilogue.addends[0] = {bias, 0, 1};
    return p;
  });
}

}  // namespace

MICA_OP(ChannelsLastConvTranspose, 1, mica) {
  return op<ChannelsLastConvTranspose>()
      .input("X", types::f32)
      .input("W", types::f32)
      .optional_input("B", types::f32)
      .output("Y")
      .infer<infer>()
      .flops<transposed_convolution_flops>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
