// Depthwise convolutions of bytes, vectors over channels.
// extensions: avx512_vnni
#include "kernels/conv/int8_windows_simd.h"
#include "kernels/quant/byte_vector.h"
#include "kernels/simd/dot.h"

namespace mica::MICA_ISA {
namespace {

constexpr int64_t kWeights = kLanes * kDot;  // bytes of the weights of a tap

// One vector of channels, or four in the order of quads.
template <int Vectors>
struct Channels;

template <>
struct Channels<1> {
  const int8_t* w;
  Ints start[1];
  Vec scales[1];
  int count;

  MICA_INLINE void load_rows(const uint8_t* const (&rows)[kDot], uint8_t flip, Ints (&to)[1]) const {
    to[0] = lanes_of_rows(rows, count, flip);
  }
  MICA_INLINE void store(const Vec (&x)[1], const ByteResult& y, uint8_t* to) const {
    store_some(to, Saturation(y.is_signed, y.zero)(x[0]), count, y.is_signed);
  }
};

template <>
struct Channels<4> {
  const int8_t* w;
  Ints start[4];
  Vec scales[4];

  MICA_INLINE void load_rows(const uint8_t* const (&rows)[kDot], uint8_t flip, Ints (&to)[4]) const {
    quads_of_rows(rows, flip, to);
  }
  MICA_INLINE void store(const Vec (&x)[4], const ByteResult& y, uint8_t* to) const {
    const Bytes4 bytes = pack_quad(x[0], x[1], x[2], x[3], y.zero, y.is_signed);
    store_part<2, 0>(to, bytes);
    store_part<2, 1>(to + 2 * kLanes, bytes);
  }
};

// Lays out what the windows see of some channels, from `channel` on.
template <int Vectors>
MICA_INLINE void lay_out(const Int8WindowLine& of, const Channels<Vectors>& channels, int64_t channel) {
  const auto put = [&](const uint8_t* const(&rows)[kDot], int32_t* to) {
    Ints vectors[Vectors];
    channels.load_rows(rows, of.flip, vectors);
#pragma GCC unroll kUnrolled
    for (int v = 0; v < Vectors; ++v) store_ints(to + v * kLanes, vectors[v]);
  };
  const uint8_t* outside[kDot];
  for (int d = 0; d < kDot; ++d) outside[d] = of.padding;
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
    for (; column < left; ++column, to += Vectors * kLanes) put(outside, to);
    for (; column < inside; ++column, to += Vectors * kLanes) {
      put(lines, to);
#pragma GCC unroll kUnrolled
      for (int d = 0; d < kDot; ++d) lines[d] += steps[d];
    }
    for (; column < of.columns; ++column, to += Vectors * kLanes) put(outside, to);
  }
}

// Outputs side by side, each of some vectors of channels. Taps: how many there are, or 0 where that is not known here.
template <int Outputs, int Taps, int Vectors>
MICA_INLINE void block(const Int8WindowLine& of, const Channels<Vectors>& channels, const int32_t* seen, uint8_t* y) {
  const int64_t step = of.step * Vectors * kLanes;
  Ints sum[Outputs][Vectors];
#pragma GCC unroll kUnrolled
  for (int i = 0; i < Outputs; ++i) {
#pragma GCC unroll kUnrolled
    for (int v = 0; v < Vectors; ++v) sum[i][v] = channels.start[v];
  }
  const int8_t* w = channels.w;
  const int64_t taps = Taps != 0 ? Taps : of.taps;
#pragma GCC unroll 4
  for (int64_t tap = 0; tap < taps; ++tap, w += Vectors * kWeights) {
    const int32_t* from = seen + of.offsets[tap] * Vectors * kLanes;
#pragma GCC unroll kUnrolled
    for (int v = 0; v < Vectors; ++v) {
      const Ints weights = load_columns(w + v * kWeights);
#pragma GCC unroll kUnrolled
      for (int i = 0; i < Outputs; ++i) sum[i][v] = dot(sum[i][v], load_sums(from + i * step + v * kLanes), weights);
    }
  }
  if constexpr (Vectors == 1 && Outputs == 4) {
    if (channels.count == kLanes) {
      const auto scaled = [&](int i) { return to_floats(sum[i][0]) * channels.scales[0]; };
      const Bytes4 bytes = pack_four(scaled(0), scaled(1), scaled(2), scaled(3), of.y.zero, of.y.is_signed);
      store_part<4, 0>(y, bytes);
      store_part<4, 1>(y + of.y.pitch, bytes);
      store_part<4, 2>(y + 2 * of.y.pitch, bytes);
      store_part<4, 3>(y + 3 * of.y.pitch, bytes);
      return;
    }
  }
#pragma GCC unroll kUnrolled
  for (int i = 0; i < Outputs; ++i) {
    Vec scaled[Vectors];
#pragma GCC unroll kUnrolled
    for (int v = 0; v < Vectors; ++v) scaled[v] = to_floats(sum[i][v]) * channels.scales[v];
    channels.store(scaled, of.y, y + i * of.y.pitch);
  }
}

template <int Taps, int Vectors>
MICA_INLINE void outputs(const Int8WindowLine& of, const Channels<Vectors>& channels, uint8_t* y) {
  constexpr int kOutputs = Vectors == 1 ? 4 : 2;
  const int32_t* seen = of.seen;
  const int64_t step = of.step * Vectors * kLanes;
  int64_t o = 0;
  for (; o + kOutputs <= of.outputs; o += kOutputs, seen += kOutputs * step, y += kOutputs * of.y.pitch) {
    block<kOutputs, Taps>(of, channels, seen, y);
  }
  for (; o < of.outputs; ++o, seen += step, y += of.y.pitch) block<1, Taps>(of, channels, seen, y);
}

template <int Vectors>
MICA_INLINE void line(const Int8WindowLine& of, Channels<Vectors>& channels, int64_t channel) {
#pragma GCC unroll kUnrolled
  for (int v = 0; v < Vectors; ++v) {
    channels.start[v] = load_sums(of.start + channel + v * kLanes);
    channels.scales[v] = load(of.y.scales + channel + v * kLanes);
  }
  channels.w = of.w + channel * of.taps * kDot;
  lay_out(of, channels, channel);
  uint8_t* y = of.y.data + channel;
  kLanes > 1 && of.taps == 3 ? outputs<3>(of, channels, y) : outputs<0>(of, channels, y);
}

void depthwise(const Int8WindowLine& of) {
  int64_t channel = 0;
  Channels<4> quad;
  for (; channel < of.quads * 4 * kLanes; channel += 4 * kLanes) line(of, quad, channel);
  Channels<1> vector;
  for (; channel < of.channels; channel += kLanes) {
    const int64_t rest = of.channels - channel;
    vector.count = rest < kLanes ? static_cast<int>(rest) : kLanes;
    line(of, vector, channel);
  }
}

}  // namespace

MICA_SIMD_TABLE(Int8WindowKernels, int8_window_kernels) = {
    .depth = kDot,
    .lanes = kLanes,
    .depthwise = depthwise,
};

}  // namespace mica::MICA_ISA
