// Depthwise convolutions of bytes, vectors over channels.
// extensions: avx512_vnni
#include "kernels/conv/int8_windows_simd.h"
#include "kernels/quant/byte_vector.h"
#include "kernels/simd/dot.h"

namespace mica::MICA_ISA {
namespace {

constexpr int64_t kWeights = kLanes * kDot;  // bytes of the weights of a tap

// Lays out what the windows see of the n channels from `channel` on.
MICA_INLINE void lay_out(const Int8WindowLine& of, int64_t channel, int n) {
  const uint8_t* outside[kDot];
  for (int d = 0; d < kDot; ++d) outside[d] = of.padding;
  const Ints padding = lanes_of_rows(outside, n, of.flip);
  const int64_t left = of.first >= 0 ? 0 : -of.first < of.columns ? -of.first : of.columns;
  const int64_t inside = of.width - of.first < of.columns ? of.width - of.first : of.columns;
  int32_t* to = of.seen;
  for (int64_t group = 0; group < of.groups; ++group) {
    const uint8_t* lines[kDot];
    int64_t steps[kDot];
    for (int d = 0; d < kDot; ++d) {
      const uint8_t* line = of.lines[group * kDot + d];
      lines[d] = line != nullptr ? line + channel + (of.first + left) * of.pitch : of.padding;
      steps[d] = line != nullptr ? of.pitch : 0;
    }
    int64_t column = 0;
    for (; column < left; ++column, to += kLanes) store_ints(to, padding);
    for (; column < inside; ++column, to += kLanes) {
      store_ints(to, lanes_of_rows(lines, n, of.flip));
#pragma GCC unroll 4
      for (int d = 0; d < kDot; ++d) lines[d] += steps[d];
    }
    for (; column < of.columns; ++column, to += kLanes) store_ints(to, padding);
  }
}

struct Channels {
  const int8_t* w;
  Ints start;
  Vec scale;
  int count;
};

// Outputs side by side, of one vector of channels.
template <int Outputs>
MICA_INLINE void block(const Int8WindowLine& of, const Channels& channels, const Saturation& saturate,
                       const int32_t* seen, uint8_t* y) {
  Ints sum[Outputs];
#pragma GCC unroll 8
  for (int i = 0; i < Outputs; ++i) sum[i] = channels.start;
  const int8_t* w = channels.w;
  for (int64_t tap = 0; tap < of.taps; ++tap, w += kWeights) {
    const Ints weights = load_columns(w);
    const int32_t* from = seen + of.offsets[tap] * kLanes;
#pragma GCC unroll 8
    for (int i = 0; i < Outputs; ++i) sum[i] = dot(sum[i], load_sums(from + i * of.step * kLanes), weights);
  }
  if constexpr (Outputs == 4) {
    if (channels.count == kLanes) {
      const auto scaled = [&](int i) { return to_floats(sum[i]) * channels.scale; };
      const Bytes4 bytes = pack_four(scaled(0), scaled(1), scaled(2), scaled(3), of.y.zero, of.y.is_signed);
      store_part<4, 0>(y, bytes);
      store_part<4, 1>(y + of.y.pitch, bytes);
      store_part<4, 2>(y + 2 * of.y.pitch, bytes);
      store_part<4, 3>(y + 3 * of.y.pitch, bytes);
      return;
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < Outputs; ++i) {
    store_some(y + i * of.y.pitch, saturate(to_floats(sum[i]) * channels.scale), channels.count, of.y.is_signed);
  }
}

void depthwise(const Int8WindowLine& of) {
  constexpr int kOutputs = 4;
  const Saturation saturate(of.y.is_signed, of.y.zero);
  Channels channels{of.w, {}, {}, kLanes};
  for (int64_t channel = 0; channel < of.channels; channel += kLanes, channels.w += of.taps * kWeights) {
    if (of.channels - channel < kLanes) channels.count = static_cast<int>(of.channels - channel);
    channels.start = load_sums(of.start + channel);
    channels.scale = load(of.y.scales + channel);
    lay_out(of, channel, channels.count);
    const int32_t* seen = of.seen;
    uint8_t* y = of.y.data + channel;
    const int64_t step = of.step * kLanes;
    int64_t o = 0;
    for (; o + kOutputs <= of.outputs; o += kOutputs, seen += kOutputs * step, y += kOutputs * of.y.pitch) {
      block<kOutputs>(of, channels, saturate, seen, y);
    }
    switch (of.outputs - o) {
      case 1:
        block<1>(of, channels, saturate, seen, y);
        break;
      case 2:
        block<2>(of, channels, saturate, seen, y);
        break;
      case 3:
        block<3>(of, channels, saturate, seen, y);
        break;
      default:
        break;
    }
  }
}

}  // namespace

MICA_SIMD_TABLE(Int8WindowKernels, int8_window_kernels) = {
    .depth = kDot,
    .lanes = kLanes,
    .depthwise = depthwise,
};

}  // namespace mica::MICA_ISA
