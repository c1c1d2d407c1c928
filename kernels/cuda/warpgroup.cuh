// Instructions of Hopper GPUs alone (compute capability 9.0, sm_90a): tiles that the copy engine brings to shared
// memory (TMA), barriers that count its bytes, and products by the 128 threads of a warpgroup on tiles in shared memory
// (wgmma). Other architectures have no code for kernels of these: kHasWarpgroups says so, and functions do nothing.
//
// Tiles have rows of 128 bytes, in the order that the hardware calls the 128-byte swizzle
// (kernels/cuda/warpgroup_tile.h). The emulator has a file of the same name and functions.
#pragma once

#include "backends/cuda/tensor_layout.h"
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/warpgroup_tile.h"

namespace mica::cuda {

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
inline constexpr bool kHasWarpgroups = true;
#else
inline constexpr bool kHasWarpgroups = false;
#endif

/// Of the current device.
inline int multiprocessors() {
  int device = 0, count = 1;
  cudaGetDevice(&device);
  cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device);
  return count;
}

/// Of memory of this block, as descriptors and instructions count it.
__device__ inline uint32_t shared_address(const void* in_shared) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(in_shared));
}

/// A barrier in shared memory: a phase ends when `arrivals` threads have come and all bytes that were announced are
/// there.
using CopyBarrier = uint64_t;

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

/// A warpgroup gives registers back to the block, or takes what others gave back: to have so many a thread.
template <int registers>
__device__ inline void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(registers));
}
template <int registers>
__device__ inline void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(registers));
}

__device__ inline void make_barrier(CopyBarrier* barrier, unsigned arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory");
}

/// Behind the last make_barrier, before the block's __syncthreads: the copy engine sees the barriers then.
__device__ inline void publish_barriers() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

__device__ inline void arrive(CopyBarrier* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}

/// Arrives, and announces bytes of the phase.
__device__ inline void arrive_expecting(CopyBarrier* barrier, unsigned bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
               : "memory");
}

/// Waits for the end of the phase of this parity: the first has 0, the next 1, the next 0 ...
__device__ inline void wait_for(CopyBarrier* barrier, unsigned parity) {
  asm volatile(
      "{ .reg .pred done; again: mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1; @!done bra again; }" ::"r"(
          shared_address(barrier)),
      "r"(parity)
      : "memory");
}

/// Begins to copy the box of the map at (x, y, z), innermost first, to `tile`. Elements outside of the tensor are
/// zeros.
__device__ inline void copy_box(void* tile, const TensorMap& map, CopyBarrier* barrier, int x, int y, int z) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];" ::
          "r"(shared_address(tile)),
      "l"(&map), "r"(shared_address(barrier)), "r"(x), "r"(y), "r"(z)
      : "memory");
}

/// The same of a map of several stacks, of which it takes number `w`.
__device__ inline void copy_box(void* tile, const TensorMap& map, CopyBarrier* barrier, int x, int y, int z, int w) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%3, %4, %5, %6}], [%2];" ::"r"(shared_address(tile)),
      "l"(&map), "r"(shared_address(barrier)), "r"(x), "r"(y), "r"(z), "r"(w)
      : "memory");
}

/// What this thread wrote to tiles itself is seen by products that begin behind the next barrier.
__device__ inline void publish_tiles() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/// Before the first product of a sequence, and after registers of the sums were touched otherwise.
__device__ inline void begin_products() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
/// Makes one group of the products since the last.
__device__ inline void commit_products() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
/// Waits for all groups but the last `groups`.
template <int groups>
__device__ inline void wait_for_products() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(groups) : "memory");
}

/// Behind a wait for products, and before begin_products, of sums and of left operands in registers: the compiler moves
/// no work on these across it.
template <int count>
__device__ __forceinline__ void settle(float (&sums)[count]) {
#pragma unroll
  for (float& sum : sums) asm volatile("" : "+f"(sum)::"memory");
}
template <int count>
__device__ __forceinline__ void settle(uint32_t (&words)[count]) {
#pragma unroll
  for (uint32_t& word : words) asm volatile("" : "+r"(word)::"memory");
}

/// Begins sums = a * b, or += where `add`: 64 x 16 by 16 x 128 elements of T, in the tiles that the descriptors are of.
/// b lies along k or, `across_b`, across it. Warp w of the four has rows 16 w to 16 w + 15, as fragments c of 16 x 8:
/// those of columns 8 j and on are sums[4 j] to sums[4 j + 3].
template <class T, bool across_b>
__device__ inline void multiply_tiles(float (&sums)[64], uint64_t a, uint64_t b, bool add) {
  asm volatile(
      "{ .reg .pred add; setp.ne.b32 add, %66, 0; "
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.%68.%68 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
      "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
      "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63 "
      "}, %64, %65, add, 1, 1, 0, %67; }"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3]), "+f"(sums[4]), "+f"(sums[5]), "+f"(sums[6]),
        "+f"(sums[7]), "+f"(sums[8]), "+f"(sums[9]), "+f"(sums[10]), "+f"(sums[11]), "+f"(sums[12]), "+f"(sums[13]),
        "+f"(sums[14]), "+f"(sums[15]), "+f"(sums[16]), "+f"(sums[17]), "+f"(sums[18]), "+f"(sums[19]), "+f"(sums[20]),
        "+f"(sums[21]), "+f"(sums[22]), "+f"(sums[23]), "+f"(sums[24]), "+f"(sums[25]), "+f"(sums[26]), "+f"(sums[27]),
        "+f"(sums[28]), "+f"(sums[29]), "+f"(sums[30]), "+f"(sums[31]), "+f"(sums[32]), "+f"(sums[33]), "+f"(sums[34]),
        "+f"(sums[35]), "+f"(sums[36]), "+f"(sums[37]), "+f"(sums[38]), "+f"(sums[39]), "+f"(sums[40]), "+f"(sums[41]),
        "+f"(sums[42]), "+f"(sums[43]), "+f"(sums[44]), "+f"(sums[45]), "+f"(sums[46]), "+f"(sums[47]), "+f"(sums[48]),
        "+f"(sums[49]), "+f"(sums[50]), "+f"(sums[51]), "+f"(sums[52]), "+f"(sums[53]), "+f"(sums[54]), "+f"(sums[55]),
        "+f"(sums[56]), "+f"(sums[57]), "+f"(sums[58]), "+f"(sums[59]), "+f"(sums[60]), "+f"(sums[61]), "+f"(sums[62]),
        "+f"(sums[63])
      : "l"(a), "l"(b), "r"(add ? 1 : 0), "n"(across_b ? 1 : 0), "C"(kNameInPtx<T>));
}

/// Begins sums += a * b: 64 x 16 by 16 x 64 or 16 x 128 elements of T. Of a each warp has the rows of its sums, as
/// fragments of 16 x 16 (kernels/cuda/mma.cuh); b lies across k, in the tile that the descriptor is of.
template <class T>
__device__ inline void multiply_registers(float (&sums)[32], const uint32_t (&a)[4], uint64_t b) {
  asm volatile(
      "{ .reg .pred add; setp.eq.u32 add, 0, 0; "
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.%37.%37 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, "
      "%22, %23, %24, %25, %26, %27, %28, %29, %30, %31 "
      "}, {%32, %33, %34, %35}, %36, add, 1, 1, 1; }"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3]), "+f"(sums[4]), "+f"(sums[5]), "+f"(sums[6]),
        "+f"(sums[7]), "+f"(sums[8]), "+f"(sums[9]), "+f"(sums[10]), "+f"(sums[11]), "+f"(sums[12]), "+f"(sums[13]),
        "+f"(sums[14]), "+f"(sums[15]), "+f"(sums[16]), "+f"(sums[17]), "+f"(sums[18]), "+f"(sums[19]), "+f"(sums[20]),
        "+f"(sums[21]), "+f"(sums[22]), "+f"(sums[23]), "+f"(sums[24]), "+f"(sums[25]), "+f"(sums[26]), "+f"(sums[27]),
        "+f"(sums[28]), "+f"(sums[29]), "+f"(sums[30]), "+f"(sums[31])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "C"(kNameInPtx<T>));
}
template <class T>
__device__ inline void multiply_registers(float (&sums)[64], const uint32_t (&a)[4], uint64_t b) {
  asm volatile(
      "{ .reg .pred add; setp.eq.u32 add, 0, 0; "
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.%69.%69 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, "
      "%22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, "
      "%42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, "
      "%62, %63 "
      "}, {%64, %65, %66, %67}, %68, add, 1, 1, 1; }"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3]), "+f"(sums[4]), "+f"(sums[5]), "+f"(sums[6]),
        "+f"(sums[7]), "+f"(sums[8]), "+f"(sums[9]), "+f"(sums[10]), "+f"(sums[11]), "+f"(sums[12]), "+f"(sums[13]),
        "+f"(sums[14]), "+f"(sums[15]), "+f"(sums[16]), "+f"(sums[17]), "+f"(sums[18]), "+f"(sums[19]), "+f"(sums[20]),
        "+f"(sums[21]), "+f"(sums[22]), "+f"(sums[23]), "+f"(sums[24]), "+f"(sums[25]), "+f"(sums[26]), "+f"(sums[27]),
        "+f"(sums[28]), "+f"(sums[29]), "+f"(sums[30]), "+f"(sums[31]), "+f"(sums[32]), "+f"(sums[33]), "+f"(sums[34]),
        "+f"(sums[35]), "+f"(sums[36]), "+f"(sums[37]), "+f"(sums[38]), "+f"(sums[39]), "+f"(sums[40]), "+f"(sums[41]),
        "+f"(sums[42]), "+f"(sums[43]), "+f"(sums[44]), "+f"(sums[45]), "+f"(sums[46]), "+f"(sums[47]), "+f"(sums[48]),
        "+f"(sums[49]), "+f"(sums[50]), "+f"(sums[51]), "+f"(sums[52]), "+f"(sums[53]), "+f"(sums[54]), "+f"(sums[55]),
        "+f"(sums[56]), "+f"(sums[57]), "+f"(sums[58]), "+f"(sums[59]), "+f"(sums[60]), "+f"(sums[61]), "+f"(sums[62]),
        "+f"(sums[63])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "C"(kNameInPtx<T>));
}

#else

template <int registers>
__device__ inline void give_registers() {}
template <int registers>
__device__ inline void take_registers() {}
__device__ inline void make_barrier(CopyBarrier*, unsigned) {}
__device__ inline void publish_barriers() {}
__device__ inline void arrive(CopyBarrier*) {}
__device__ inline void arrive_expecting(CopyBarrier*, unsigned) {}
__device__ inline void wait_for(CopyBarrier*, unsigned) {}
__device__ inline void copy_box(void*, const TensorMap&, CopyBarrier*, int, int, int) {}
__device__ inline void copy_box(void*, const TensorMap&, CopyBarrier*, int, int, int, int) {}
__device__ inline void publish_tiles() {}
template <class T, int count>
__device__ inline void settle(T (&)[count]) {}
__device__ inline void begin_products() {}
__device__ inline void commit_products() {}
template <int groups>
__device__ inline void wait_for_products() {}
template <class T, bool across_b>
__device__ inline void multiply_tiles(float (&)[64], uint64_t, uint64_t, bool) {}
template <class T, int sums>
__device__ inline void multiply_registers(float (&)[sums], const uint32_t (&)[4], uint64_t) {}

#endif

}  // namespace mica::cuda
