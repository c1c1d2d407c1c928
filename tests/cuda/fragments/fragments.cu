#include "kernels/cuda/mma.cuh"
#include "tests/cuda/fragments/fragments_cuda.h"

namespace mica::cuda {
namespace {

__device__ void accumulate(float* c, const float (&sums)[4]) {
  const int lane = threadIdx.x;
  for (int i = 0; i < 4; ++i) c[(lane / 4 + 8 * (i / 2)) * 8 + 2 * (lane % 4) + i % 2] += sums[i];
}

template <class T>
__global__ void half_product_kernel(const T* a, const T* b, float* c) {
  __shared__ int4 memory[48];
  T* tile_a = reinterpret_cast<T*>(memory);  // 16 x 16
  T* tile_b = tile_a + 256;                  // 16 x 8
  const int lane = threadIdx.x;
  copy_async(tile_a + 8 * lane, a + 8 * lane);
  commit_copies();
  if (lane < 16) copy_async(tile_b + 8 * lane, b + 8 * lane);
  commit_copies();
  wait_for_copies<0>();
  __syncthreads();
  uint32_t words_a[4], words_b[4];
  load_matrices(words_a, tile_a + lane % 16 * 16 + lane / 16 * 8);
  load_matrices_transposed(words_b, tile_b + lane % 16 * 8);  // the last two matrices are not used
  const uint32_t fragment_b[2] = {words_b[0], words_b[1]};
  float sums[4] = {};
  multiply_fragments<T>(sums, words_a, fragment_b);
  accumulate(c, sums);
}

__global__ void tf32_product_kernel(const float* a, const float* b, float* c) {
  const int g = threadIdx.x / 4, t = threadIdx.x % 4;
  const uint32_t fragment_a[4] = {to_tf32(a[g * 8 + t]), to_tf32(a[(g + 8) * 8 + t]), to_tf32(a[g * 8 + t + 4]),
                                  to_tf32(a[(g + 8) * 8 + t + 4])};
  const uint32_t fragment_b[2] = {to_tf32(b[t * 8 + g]), to_tf32(b[(t + 4) * 8 + g])};
  float sums[4] = {};
  multiply_tf32_fragments(sums, fragment_a, fragment_b);
  accumulate(c, sums);
}

// Sums of bytes as floats, which hold them exactly.
__global__ void byte_product_kernel(const uint32_t* a, const uint32_t* b_by_columns, float* c) {
  const int g = threadIdx.x / 4, t = threadIdx.x % 4;
  const uint32_t fragment_a[4] = {a[g * 8 + t], a[(g + 8) * 8 + t], a[g * 8 + t + 4], a[(g + 8) * 8 + t + 4]};
  const uint32_t fragment_b[2] = {b_by_columns[g * 8 + t], b_by_columns[g * 8 + t + 4]};
  int32_t whole[4] = {};
  multiply_byte_fragments(whole, fragment_a, fragment_b);
  float sums[4];
  for (int i = 0; i < 4; ++i) sums[i] = static_cast<float>(whole[i]);
  accumulate(c, sums);
}

__global__ void dots_kernel(const uint32_t* a, const uint32_t* b, int32_t* sums) {
  sums[threadIdx.x] = add_dot(sums[threadIdx.x], a[threadIdx.x], b[threadIdx.x]);
}

__global__ void short_copies_kernel(const int4* from, int4* to, int count) {
  __shared__ int4 memory[16];
  const int thread = threadIdx.x, left = count - 16 * thread;
  copy_async(memory + thread, from + thread, left < 0 ? 0 : left > 16 ? 16 : left);
  commit_copies();
  wait_for_copies<0>();
  __syncthreads();
  to[thread] = memory[thread];
}

}  // namespace

void launch_fragment_product(Number number, const void* a, const void* b, float* c, void* stream) {
  const Grid grid{1, 1, 1, kWarp};
  if (number == Number::F32) {
    launch(tf32_product_kernel, grid, stream, static_cast<const float*>(a), static_cast<const float*>(b), c);
  } else if (number == Number::I8) {
    launch(byte_product_kernel, grid, stream, static_cast<const uint32_t*>(a), static_cast<const uint32_t*>(b), c);
  } else if (number == Number::F16) {
    launch(half_product_kernel<__half>, grid, stream, static_cast<const __half*>(a), static_cast<const __half*>(b), c);
  } else {
    launch(half_product_kernel<__nv_bfloat16>, grid, stream, static_cast<const __nv_bfloat16*>(a),
           static_cast<const __nv_bfloat16*>(b), c);
  }
}

void launch_dots(const void* a, const void* b, int32_t* sums, void* stream) {
  launch(dots_kernel, Grid{1, 1, 1, kWarp}, stream, static_cast<const uint32_t*>(a), static_cast<const uint32_t*>(b),
         sums);
}

void launch_short_copies(const void* from, void* to, int count, void* stream) {
  launch(short_copies_kernel, Grid{1, 1, 1, 16}, stream, static_cast<const int4*>(from), static_cast<int4*>(to), count);
}

}  // namespace mica::cuda
