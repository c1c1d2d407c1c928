// In place of kernels/cuda/mma.cuh when CUDA files are compiled for the CPU: the same functions by the tables of the
// PTX ISA, which that file quotes.
#pragma once

#include "kernels/cuda/element.cuh"
#include "tests/cuda/emulator/fragments.h"

namespace mica::cuda {

template <class T>
inline constexpr bool kHasProducts = true;
inline constexpr bool kHasTf32Products = true, kHasByteProducts = true;

template <class T>
uint32_t pack_pair(float low, float high) {
  const T pair[2] = {narrow<T>(low), narrow<T>(high)};
  uint32_t word;
  __builtin_memcpy(&word, pair, sizeof word);
  return word;
}

inline uint32_t to_tf32(float x) {
  return emulator::round_to_tf32(x);
}

inline uint32_t to_tf32(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return to_tf32(x);
}

template <class T>
void multiply_fragments(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  emulator::multiply_fragments(c, a, b, std::is_same_v<T, __half> ? emulator::Operand::Half : emulator::Operand::Brain);
}

inline void multiply_tf32_fragments(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  emulator::multiply_fragments(c, a, b, emulator::Operand::Tf32);
}

inline void multiply_byte_fragments(int32_t (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  emulator::multiply_byte_fragments(c, a, b);
}

inline int32_t add_dot(int32_t sum, uint32_t a, uint32_t b) {
  return emulator::add_dot(sum, a, b);
}

inline void load_matrices(uint32_t (&words)[4], const void* row) {
  emulator::load_matrices(words, row, false);
}

inline void load_matrices_transposed(uint32_t (&words)[4], const void* row) {
  emulator::load_matrices(words, row, true);
}

inline void copy_async(void* to, const void* from, int bytes = 16) {
  emulator::begin_copy(to, from, bytes);
}

inline void commit_copies() {
  emulator::commit_copies();
}

template <int groups>
void wait_for_copies() {
  emulator::wait_for_copies(groups);
}

}  // namespace mica::cuda
