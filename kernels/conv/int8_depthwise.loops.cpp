#include "kernels/conv/int8_depthwise.h"

#include "kernels/conv/int8_depthwise_simd.h"
#include "kernels/quant/int8_gemm.h"
#include "kernels/round_up.h"

namespace mica {
namespace {

constexpr int64_t kBandElements = 12 * 1024;  // of widened rows: they and the outputs stay in the first-level cache

// Weights less their zero points.
const float* widened_weights(const Operands& io, const Int8ConvOperands& operands, int64_t filters, int64_t taps) {
  const ZeroPoints zeros = repeat_zeros(io, operands.w_zero, filters, 1, filters, filters, 0);
  float* weights = io.scratch<float>(filters * taps);
  visit_dtype<int8_t, uint8_t>(operands.w.dtype(), [&]<class W>() {
    const W* w = operands.w.data<W>();
    for (int64_t i = 0; i < filters; ++i) {
      for (int64_t t = 0; t < taps; ++t) weights[i * taps + t] = static_cast<float>(w[i * taps + t] - zeros.all[i]);
    }
  });
  return weights;
}

}  // namespace

bool Int8Depthwise::takes(const ConvGeometry& g) {
  constexpr int64_t kMostTaps = (1 << 24) / (255 * 255);
  return g.channels == 1 && g.rank <= 2 && g.taps() > 0 && g.taps() <= kMostTaps && g.inputs() > 0 && g.outputs() > 0;
}

Int8Depthwise::Int8Depthwise(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands)
    : g_(g),
      v_(g.rank == 2 ? g.axes[0] : WindowAxis{}),
      h_(g.axes[g.rank - 1]),
      x_(operands.x.data<uint8_t>()),
      x_signed_(operands.x.dtype() == DType::I8),
      x_zero_(static_cast<float>(repeat_zeros(io, operands.x_zero, 1, 1, 1, 1, 0).value)),
      phase_(round_up(h_.output, int8_depthwise_kernels().lanes) + (h_.kernel - 1) * h_.dilation / h_.stride),
      pitch_(phase_ * h_.stride),
      band_(std::clamp((kBandElements / pitch_ - input_rows(1)) / v_.stride + 1, int64_t{1}, v_.output)),
      band_inputs_(input_rows(band_)),
      workers_(std::min<int64_t>(g.batch * g.groups, io.threads().threads())),
      weights_(widened_weights(io, operands, g.groups * g.filters, g.taps())),
      bias_(operands.bias),
      outputs_(band_ * h_.output + int8_depthwise_kernels().lanes),
      rows_(io.scratch<float>(workers_ * band_inputs_ * pitch_)),
      bytes_(io.scratch<uint8_t>(workers_ * phase_)),
      sums_(io.scratch<float>(workers_ * outputs_)),
      integers_(io.scratch<int32_t>(workers_ * outputs_)) {
  std::fill_n(rows_, workers_ * band_inputs_ * pitch_, 0.0f);  // what pads columns stays so
  int64_t* offsets = io.scratch<int64_t>(g.taps());
  for (int64_t t = 0; t < g.taps(); ++t) {
    const int64_t column = t % h_.kernel * h_.dilation;
    offsets[t] = t / h_.kernel * v_.dilation * pitch_ + column % h_.stride * phase_ + column / h_.stride;
  }
  offsets_ = offsets;
}

Int8Depthwise::Buffers Int8Depthwise::buffers(int64_t worker) const {
  return {rows_ + worker * band_inputs_ * pitch_, bytes_ + worker * phase_, sums_ + worker * outputs_,
          integers_ + worker * outputs_};
}

void Int8Depthwise::load(int64_t plane, int64_t first, int64_t count, const Buffers& to) const {
  const uint8_t* image = x_ + plane * g_.inputs();
  for (int64_t i = 0; i < input_rows(count); ++i) {
    const int64_t row = v_.start(first) + i;
    float* widened = to.rows + i * pitch_;
    if (row < 0 || row >= v_.input) {
      std::fill_n(widened, pitch_, 0.0f);
    } else {
      load_row(image + row * h_.input, widened, to.bytes);
    }
  }
}

void Int8Depthwise::load_row(const uint8_t* x, float* to, uint8_t* bytes) const {
  const Int8DepthwiseKernels& kernels = int8_depthwise_kernels();
  const int64_t stride = h_.stride;
  for (int64_t phase = 0; phase < stride; ++phase) {
    // Place i of a phase is column i * stride + phase - pad of x.
    const int64_t first = std::max<int64_t>(h_.pad - phase + stride - 1, 0) / stride;
    const int64_t column = first * stride + phase - h_.pad;
    const int64_t count = std::min((h_.input - column + stride - 1) / stride, phase_ - first);
    if (count <= 0) continue;
    const uint8_t* from = x + column;
    if (stride == 2) {
      kernels.every_second(from, bytes, count);
    } else if (stride > 2) {
      for (int64_t i = 0; i < count; ++i) bytes[i] = from[i * stride];
    }
    if (stride > 1) from = bytes;
    float* widened = to + phase * phase_ + first;
    if (x_signed_) {
      kernels.widen_s8(reinterpret_cast<const int8_t*>(from), x_zero_, widened, count);
    } else {
      kernels.widen_u8(from, x_zero_, widened, count);
    }
  }
}

void Int8Depthwise::multiply(int64_t filter, int64_t count, const Buffers& own) const {
  const int64_t taps = g_.taps();
  const DepthwiseRows rows{own.rows, v_.stride * pitch_, offsets_, weights_ + filter * taps, taps};
  const Int8DepthwiseKernels& kernels = int8_depthwise_kernels();
  kernels.multiply(rows, own.sums, count, h_.output);
  kernels.to_integers(own.sums, bias_ != nullptr ? bias_[filter] : 0, own.integers, count * h_.output);
}

}  // namespace mica
