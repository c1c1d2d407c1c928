// Vector loops of depthwise convolutions of bytes whose channels are the last axis.
#pragma once

#include <stdint.h>

#include "kernels/quant/int8_simd.h"

namespace mica {

/// A stretch of a line of outputs, of some channels: for each output and channel
///   sum = start + sum over taps of w * x,   y = saturate(round(sum * scale) + zero)
/// where x are unsigned bytes, or signed ones exclusive-or `flip`, and w signed ones. Tap lines are taken in groups of
/// Int8WindowKernels::depth. What the windows see is laid out in `seen` first: for each group its columns, each a
/// vector of channels in which the bytes of the group's lines lie side by side. The first `quads` times 4 vectors of
/// channels are handled four vectors at a time, in the order of kernels/quant/quad_order.h.
struct Int8WindowLine {
  const uint8_t* const* lines;  ///< by tap line, of whole groups: column 0, channel 0; null: all of it is padding
  const uint8_t* padding;       ///< `lanes` bytes of the value outside of x
  int64_t width, pitch;         ///< columns of x; bytes from one to the next
  int64_t first, columns;       ///< what the outputs see: the first column, which may be outside of x; how many
  int64_t groups;
  uint8_t flip;
  int32_t* seen;           ///< groups * columns * 4 * lanes elements
  const int64_t* offsets;  ///< of each tap, in columns of `seen`; a tap is one column of one group
  int64_t taps;
  const int8_t* w;       ///< by vector, or quad, of channels and tap: for each channel the weights of the group's lines
  const int32_t* start;  ///< by channel, in the order of w; this and the scales can be read to whole vectors
  int64_t step;          ///< columns from one output to the next
  int64_t outputs, channels, quads;
  ByteResult y;  ///< pitch: from one output to the next; `columns` is not used
};

struct Int8WindowKernels {
  int64_t depth, lanes;
  void (*depthwise)(const Int8WindowLine& line);
};

const Int8WindowKernels& int8_window_kernels();
IsaTables<Int8WindowKernels> int8_window_kernels_all();

}  // namespace mica
