// Vector loops that decode numbers of a few bits.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// y[i] = (code - zero) * scale for the first n codes that `codes` holds, the lowest bits of a byte first.
using DecodeLoop = void (*)(const uint8_t* codes, float scale, float zero, float* y, int64_t n);

struct NBitsKernels {
  DecodeLoop decode2, decode4, decode8;
};

const NBitsKernels& nbits_kernels();
IsaTables<NBitsKernels> nbits_kernels_all();

}  // namespace mica
