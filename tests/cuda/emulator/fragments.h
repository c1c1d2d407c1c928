// What the lanes of an emulated warp do together with fragments of matrices: kernels/cuda/mma.cuh says which.
#pragma once

#include <cstdint>

namespace mica::emulator {

enum class Operand : uint8_t { Half, Brain, Tf32 };

/// Of Half or Brain.
float decode(uint16_t bits, Operand operand);

/// c += a * b by all lanes of a warp.
void multiply_fragments(float* c, const uint32_t* a, const uint32_t* b, Operand operand);

/// The same of signed bytes, as int32.
void multiply_byte_fragments(int32_t* c, const uint32_t* a, const uint32_t* b);

/// dp4a of signed bytes.
int32_t add_dot(int32_t sum, uint32_t a, uint32_t b);

/// Four matrices of 8 x 8 16-bit elements, by all lanes of a warp.
void load_matrices(uint32_t* words, const void* row, bool transposed);

/// To the nearest of 10 bits behind the point, the larger of two that are equally near.
uint32_t round_to_tf32(float x);

}  // namespace mica::emulator
