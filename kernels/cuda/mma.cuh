// Products of small matrices by the threads of a warp together (tensor cores), and the loads that feed them. All that
// depends on the architecture is in here: launchers choose kernels by the device's compute capability, and a function
// that the architecture has no instruction for ends the kernel.
//
// Fragments are the words that a lane has of a matrix (PTX ISA, "Matrix Fragments for mma.m16n8k16", "... k8" and
// "... k32"). With g = lane / 4 and t = lane % 4, and two 16-bit elements or four bytes to a word, the first in its
// lowest bits:
//
//             16-bit elements, k = 16                            tf32, k = 8
//   a, 16 x k   a[0] row g,     columns 2t, 2t + 1               a[0] row g,     column t
//               a[1] row g + 8, columns 2t, 2t + 1               a[1] row g + 8, column t
//               a[2] row g,     columns 2t + 8, 2t + 9           a[2] row g,     column t + 4
//               a[3] row g + 8, columns 2t + 8, 2t + 9           a[3] row g + 8, column t + 4
//   b, k x 8    b[0] rows 2t, 2t + 1 of column g                 b[0] row t of column g
//               b[1] rows 2t + 8, 2t + 9 of column g             b[1] row t + 4 of column g
//   c, 16 x 8   c[0], c[1] row g, c[2], c[3] row g + 8, of columns 2t, 2t + 1
//
// Of bytes, k = 32, they are those of 16-bit elements with four bytes for two: a[0] has row g, columns 4t to 4t + 3,
// a[2] those from 4t + 16 on; b[0] rows 4t to 4t + 3 of column g, b[1] those from 4t + 16 on. So in memory, where k
// runs fastest, a fragment has the same 32 bytes of a line whatever the elements are.
//
// The emulator has a file of the same name and functions.
#pragma once

#include "kernels/cuda/element.cuh"

namespace mica::cuda {

/// Whether the architecture that is compiled for multiplies fragments of T; a kernel that needs it is empty where not.
template <class T>
inline constexpr bool kHasProducts = true;
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
template <>
inline constexpr bool kHasProducts<__nv_bfloat16> = false;
#endif

/// The same of numbers of tf32, and of bytes.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
inline constexpr bool kHasTf32Products = false, kHasByteProducts = false;
#else
inline constexpr bool kHasTf32Products = true, kHasByteProducts = true;
#endif

template <class T>
inline constexpr char kNameInPtx[] = "f16";
template <>
inline constexpr char kNameInPtx<__nv_bfloat16>[] = "bf16";

/// Two elements in a word, `low` first in memory. T: __half or __nv_bfloat16.
template <class T>
__device__ inline uint32_t pack_pair(float low, float high) {
  uint32_t word;
#if __CUDA_ARCH__ >= 800
  asm("cvt.rn.%3x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low), "C"(kNameInPtx<T>));
#else
  const T pair[2] = {narrow<T>(low), narrow<T>(high)};
  memcpy(&word, pair, sizeof word);
#endif
  return word;
}

/// The nearest number that tf32 has, as an operand.
__device__ inline uint32_t to_tf32(float x) {
#if __CUDA_ARCH__ >= 800
  uint32_t word;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(word) : "f"(x));
  return word;
#else
  return __float_as_uint(x);
#endif
}

/// The same of a float's bits.
__device__ inline uint32_t to_tf32(uint32_t bits) {
  return to_tf32(__uint_as_float(bits));
}

/// c += a * b, of 16 x 16 and 16 x 8 elements of type T: __half or __nv_bfloat16.
template <class T>
__device__ void multiply_fragments(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);

template <>
__device__ inline void multiply_fragments<__half>(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  for (int half = 0; half < 2; ++half) {  // of k: the fragments of k = 8 are the halves of those of k = 16
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[2 * half]), "r"(a[2 * half + 1]), "r"(b[half]));
  }
#endif
}

template <>
__device__ inline void multiply_fragments<__nv_bfloat16>(float (&c)[4], const uint32_t (&a)[4],
                                                         const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

/// c += a * b, of 16 x 8 and 8 x 8 numbers made by to_tf32.
__device__ inline void multiply_tf32_fragments(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

/// c += a * b, of 16 x 32 and 32 x 8 signed bytes, as int32 that wrap around.
__device__ inline void multiply_byte_fragments(int32_t (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

/// `sum` and the products of the four signed bytes of two words; no tensor cores.
__device__ inline int32_t add_dot(int32_t sum, uint32_t a, uint32_t b) {
  return __dp4a(static_cast<int>(a), static_cast<int>(b), sum);
}

/// ldmatrix: reads four matrices of 8 x 8 16-bit elements in shared memory, lane i giving the address of the 16 bytes
/// of row i % 8 of matrix i / 8. words[i] is of matrix i: columns 2t and 2t + 1 of row g.
__device__ inline void load_matrices(uint32_t (&words)[4], const void* row) {
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "r"(address)
               : "memory");
}

/// The same with every matrix transposed: words[i] is rows 2t and 2t + 1 of column g.
__device__ inline void load_matrices_transposed(uint32_t (&words)[4], const void* row) {
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "r"(address)
               : "memory");
}

/// Copies `bytes` of the 16 at `from`, in global memory, to `to`, in shared memory, and fills the rest with zeros. Both
/// are aligned to 16. The thread sees it when it has waited (wait_for_copies), the others after a barrier behind that.
__device__ inline void copy_async(void* to, const void* from, int bytes = 16) {
#if __CUDA_ARCH__ >= 800
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(to));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from), "r"(bytes) : "memory");
#else
  int4 whole = make_int4(0, 0, 0, 0);
  if (bytes == 16) {
    whole = *static_cast<const int4*>(from);
  } else {
    for (int i = 0; i < bytes; ++i) reinterpret_cast<char*>(&whole)[i] = static_cast<const char*>(from)[i];
  }
  *static_cast<int4*>(to) = whole;
#endif
}

/// Makes one group of the copies that this thread has begun since the last group.
__device__ inline void commit_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits for all groups of this thread but the last `groups`.
template <int groups>
__device__ inline void wait_for_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(groups) : "memory");
#endif
}

}  // namespace mica::cuda
