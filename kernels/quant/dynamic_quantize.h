// Quantisation to uint8 by the range of the data.
#pragma once

#include "kernels/operands.h"

namespace mica {

struct ByteScale {
  float scale = 1;
  int32_t zero = 0;
};

/// The scale and zero point that map [min(x, 0), max(x, 0)] to [0, 255]:
///   scale = (max - min) / 255 (1 for a range of zero), zero = saturate(round(-min / scale))
ByteScale dynamic_scale(const float* x, int64_t count);

/// y = saturate(round(x / scale) + zero), on all threads.
void quantize_bytes(ThreadPool& threads, const float* x, const ByteScale& by, uint8_t* y, int64_t count);

}  // namespace mica
