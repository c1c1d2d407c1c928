#include "kernels/conv/winograd_simd.h"
#include "kernels/simd/lanes.h"

namespace mica::MICA_ISA {
namespace {

// B' x for a column or row x: (x0 - x2, x1 + x2, x2 - x1, x1 - x3).
MICA_INLINE void input_transform(Vec x0, Vec x1, Vec x2, Vec x3, Vec (&to)[4]) {
  to[0] = x0 - x2;
  to[1] = x1 + x2;
  to[2] = x2 - x1;
  to[3] = x1 - x3;
}

template <class Lanes>
MICA_INLINE void input_channels(const float* const* elements, int64_t c, float* to, int64_t value, Lanes lanes) {
  Vec columns[4][4];  // by column, then row
#pragma GCC unroll kUnrolled
  for (int j = 0; j < 4; ++j) {
    input_transform(lanes.load(elements[j] + c), lanes.load(elements[4 + j] + c), lanes.load(elements[8 + j] + c),
                    lanes.load(elements[12 + j] + c), columns[j]);
  }
  to += c;
#pragma GCC unroll kUnrolled
  for (int i = 0; i < 4; ++i) {
    Vec row[4];
    input_transform(columns[0][i], columns[1][i], columns[2][i], columns[3][i], row);
#pragma GCC unroll kUnrolled
    for (int j = 0; j < 4; ++j, to += value) lanes.store(to, row[j]);
  }
}

void input(const float* const* elements, int64_t channels, float* to, int64_t value) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) input_channels(elements, c, to, value, Whole{});
  if (c < channels) input_channels(elements, c, to, value, First{static_cast<int>(channels - c)});
}

// A' x for a column or row x: (x0 + x1 + x2, x1 - x2 - x3).
MICA_INLINE void output_transform(Vec x0, Vec x1, Vec x2, Vec x3, Vec (&to)[2]) {
  to[0] = x0 + (x1 + x2);
  to[1] = (x1 - x2) - x3;
}

template <class Lanes>
MICA_INLINE void output_filters(const WinogradOutput& call, int64_t i, Lanes lanes) {
  const float* from = call.sums + i;
  Vec columns[4][2];  // by column, then row
#pragma GCC unroll kUnrolled
  for (int j = 0; j < 4; ++j, from += call.value) {
    output_transform(lanes.load(from), lanes.load(from + 4 * call.value), lanes.load(from + 8 * call.value),
                     lanes.load(from + 12 * call.value), columns[j]);
  }
  const Vec bias = call.bias != nullptr ? lanes.load(call.bias + i) : zero();
#pragma GCC unroll kUnrolled
  for (int row = 0; row < 2; ++row) {
    Vec results[2];
    output_transform(columns[0][row], columns[1][row], columns[2][row], columns[3][row], results);
#pragma GCC unroll kUnrolled
    for (int column = 0; column < 2; ++column) {
      if (row >= call.rows || column >= call.columns) continue;
      const int64_t at = row * call.y_row + column * call.y_column + i;
      Vec result = results[column] + bias;
      if (call.addend != nullptr) result = result + lanes.load(call.addend + at);
      lanes.store(call.y + at, clamp(result, call.bounds.low, call.bounds.high));
    }
  }
}

void output(const WinogradOutput& call) {
  int64_t i = 0;
  for (; i + kLanes <= call.filters; i += kLanes) output_filters(call, i, Whole{});
  if (i < call.filters) output_filters(call, i, First{static_cast<int>(call.filters - i)});
}

}  // namespace

MICA_SIMD_TABLE(WinogradKernels, winograd_kernels) = {
    .input = input,
    .output = output,
};

}  // namespace mica::MICA_ISA
