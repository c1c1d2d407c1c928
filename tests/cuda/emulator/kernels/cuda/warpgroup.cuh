// In place of kernels/cuda/warpgroup.cuh when CUDA files are compiled for the CPU.
#pragma once

#include "backends/cuda/tensor_layout.h"
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/warpgroup_tile.h"
#include "tests/cuda/emulator/warpgroup.h"

namespace mica::cuda {

inline constexpr bool kHasWarpgroups = true;

inline int multiprocessors() {
  return 3;
}

using emulator::shared_address;
using CopyBarrier = emulator::CopyBarrier;

template <int registers>
void give_registers() {}
template <int registers>
void take_registers() {}

inline void make_barrier(CopyBarrier* barrier, unsigned arrivals) {
  *barrier = {static_cast<int16_t>(arrivals), static_cast<int16_t>(arrivals), 0};
}
inline void publish_barriers() {}
inline void arrive(CopyBarrier* barrier) {
  barrier->arrive(0);
}
inline void arrive_expecting(CopyBarrier* barrier, unsigned bytes) {
  barrier->arrive(bytes);
}
inline void wait_for(CopyBarrier* barrier, unsigned parity) {
  emulator::wait_until([=] { return barrier->phase != parity; });
}

inline void copy_box(void* tile, const TensorMap& map, CopyBarrier* barrier, int x, int y, int z) {
  emulator::copy_box(tile, map, barrier, {x, y, z, 0});
}

inline void copy_box(void* tile, const TensorMap& map, CopyBarrier* barrier, int x, int y, int z, int w) {
  emulator::copy_box(tile, map, barrier, {x, y, z, w});
}

inline void publish_tiles() {}
template <class T, int count>
void settle(T (&)[count]) {}

inline void begin_products() {}
using emulator::commit_products;
template <int groups>
void wait_for_products() {
  emulator::wait_for_products(groups);
}

template <class T>
inline constexpr emulator::Operand kOperand =
    std::is_same_v<T, __half> ? emulator::Operand::Half : emulator::Operand::Brain;

template <class T, bool across_b>
void multiply_tiles(float (&sums)[64], uint64_t a, uint64_t b, bool add) {
  emulator::multiply_tiles(sums, a, b, kOperand<T>, across_b, add);
}

template <class T, int sums>
void multiply_registers(float (&of)[sums], const uint32_t (&a)[4], uint64_t b) {
  emulator::multiply_registers(of, 2 * sums, a, b, kOperand<T>);
}

}  // namespace mica::cuda
