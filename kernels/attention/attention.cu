// Attention without a matrix of scores: a block takes a few queries of one head past all keys, 32 at a time, and keeps
// the largest score, the sum of exponentials and the weighed sum of values as they are so far (Dao et al.,
// "FlashAttention"). Products are of floats on the plain arithmetic units, exact to their rounding.
#include "kernels/attention/attention_score.cuh"
#include "kernels/cuda/team.cuh"

namespace mica::cuda {
namespace {

constexpr int kOwn = 4;                         // queries of a warp
constexpr int kKeys = static_cast<int>(kWarp);  // of a step, one for each lane
constexpr int64_t kWide = 128;                  // heads wider than this have blocks of fewer warps
constexpr int warps_for(int64_t width) {
  return width > kWide ? 2 : 4;
}

// An odd distance between rows in shared memory, so that lanes that read a column each have a bank of their own.
__host__ __device__ constexpr int64_t tile_stride(const AttentionCall& call) {
  return (call.width > call.v_width ? call.width : call.v_width) | 1;
}

// Rows of keys or values from `first` on, converted to float; zeros behind row `end`.
__device__ void load_rows(const AttentionCall& call, const void* data, int64_t start, int64_t step, int64_t first,
                          int64_t end, int64_t width, float* tile) {
  for (int64_t i = threadIdx.x; i < kKeys * width; i += blockDim.x) {
    const int64_t j = i / width, d = i - j * width;
    const bool is_key = first + j < end;
    tile[j * tile_stride(call) + d] = is_key ? load_float(data, call.number, start + (first + j) * step + d) : 0.0f;
  }
}

struct Larger {
  __device__ void operator()(float& a, float b) const { a = larger(a, b); }
};

// `Parts` times 32 is the most elements that a value may have.
template <int Parts>
__global__ void attention_kernel(const __grid_constant__ AttentionCall call) {
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  const int block_rows = static_cast<int>(blockDim.x / kWarp) * kOwn;
  float* queries = shared_memory<float>();  // [block_rows][width], scaled by nothing
  float* tile = queries + block_rows * call.width;
  const int64_t row_blocks = blocks_for(call.rows, block_rows);
  const int64_t first_row = blockIdx.x % row_blocks * block_rows, own_row = first_row + warp * kOwn;
  const int64_t head_of_all = blockIdx.x / row_blocks, b = head_of_all / call.heads, h = head_of_all % call.heads;
  const int64_t kv_h = h / (call.heads / call.kv_heads);
  const SequenceKeys sequence = sequence_of(call, b);

  for (int64_t i = threadIdx.x; i < block_rows * call.width; i += blockDim.x) {
    const int64_t row = i / call.width, d = i - row * call.width;
    const bool is_row = first_row + row < call.rows;
    queries[i] = is_row ? load_float(call.q, call.number, call.q_layout.at(b, h, first_row + row) + d) : 0.0f;
  }
  Softmax state[kOwn];
  float value[kOwn][Parts] = {};

  const KeyRange range = visible_keys(call, sequence, first_row, block_rows);
  for (int64_t first = range.begin; first < range.end; first += kKeys) {
    __syncthreads();  // queries are there, and the values of the step before have been read
    load_rows(call, call.k, call.k_layout.at(b, kv_h, 0), call.k_layout.row, first, range.end, call.width, tile);
    __syncthreads();
    float weight[kOwn] = {};
    for (int64_t d = 0; d < call.width; ++d) {
      const float key = tile[lane * tile_stride(call) + d];
#pragma unroll
      for (int r = 0; r < kOwn; ++r) weight[r] += queries[(warp * kOwn + r) * call.width + d] * key;
    }
#pragma unroll
    for (int r = 0; r < kOwn; ++r) {
      const bool is_score = first + lane < range.end && own_row + r < call.rows;
      const float s = is_score ? score_of(call, sequence, {b, h, own_row + r}, first + lane, weight[r]) : -INFINITY;
      const float now = larger(warp_merge(s, Larger()), state[r].highest);
      const float kept = weight_of(state[r].highest, now);  // 0 for what begins at -infinity
      weight[r] = weight_of(s, now);
      state[r] = {now, state[r].sum * kept + warp_merge(weight[r], Plus<float>())};
#pragma unroll
      for (int part = 0; part < Parts; ++part) value[r][part] *= kept;
    }
    __syncthreads();
    load_rows(call, call.v, call.v_layout.at(b, kv_h, 0), call.v_layout.row, first, range.end, call.v_width, tile);
    __syncthreads();
    for (int j = 0; j < kKeys; ++j) {
      float column[Parts];
#pragma unroll
      for (int part = 0; part < Parts; ++part) {
        const int d = part * static_cast<int>(kWarp) + lane;
        column[part] = d < call.v_width ? tile[j * tile_stride(call) + d] : 0.0f;
      }
#pragma unroll
      for (int r = 0; r < kOwn; ++r) {
        const float w = __shfl_sync(0xffffffffu, weight[r], j);
#pragma unroll
        for (int part = 0; part < Parts; ++part) value[r][part] += w * column[part];
      }
    }
  }

#pragma unroll
  for (int r = 0; r < kOwn; ++r) {
    if (own_row + r >= call.rows) break;
    const float factor = final_factor(call, h, state[r]);
    const int64_t at = call.out_layout.at(b, h, own_row + r);
#pragma unroll
    for (int part = 0; part < Parts; ++part) {
      const int d = part * static_cast<int>(kWarp) + lane;
      if (d < call.v_width) store_float(call.out, call.number, at + d, value[r][part] * factor);
    }
  }
}

}  // namespace

void launch_attention(const AttentionCall& call, void* stream) {
  if (call.batch == 0 || call.heads == 0 || call.rows == 0 || call.v_width == 0) return;
  const int64_t widest = tile_stride(call);
  const int warps = warps_for(widest - 1);
  const int64_t blocks = call.batch * call.heads * blocks_for(call.rows, warps * kOwn);
  const size_t shared = static_cast<size_t>(warps * kOwn * call.width + kKeys * widest) * sizeof(float);
  const Grid grid{static_cast<unsigned>(blocks), 1, 1, static_cast<unsigned>(warps) * kWarp, shared};
  const auto kernel = call.v_width <= 64    ? attention_kernel<2>
                      : call.v_width <= 128 ? attention_kernel<4>
                                            : attention_kernel<8>;
  launch(kernel, grid, stream, call);
}

}  // namespace mica::cuda
