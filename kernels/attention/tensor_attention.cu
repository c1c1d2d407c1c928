// Attention on tensor cores, of 16-bit floats with sums in float: a block takes 64 queries of one head past all keys, a
// tile of them at a time, while the next tile is copied to shared memory; weights stay in the registers in which
// products leave them (Dao, "FlashAttention-2"). Rows in shared memory are cut into chunks of 16 bytes whose places are
// exchanged by the number of the row, so that ldmatrix finds the rows of a matrix in different banks.
#include "kernels/attention/score_fragments.cuh"

namespace mica::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kRows = kTensorRows;
static_assert(kRows == kThreads / static_cast<int>(kWarp) * 16, "16 queries to a warp");
constexpr int keys_of_tile(int width) {
  return width > 128 ? 32 : 64;
}

/// Tiles of a block in shared memory, whose rows have room for `Width` elements: queries, and twice keys and values.
template <class T, int Width>
struct Tiles {
  static constexpr int kKeys = keys_of_tile(Width);
  static constexpr int kChunk = 8;  // elements of 16 bytes
  static constexpr size_t kBytes = static_cast<size_t>(kRows + 4 * kKeys) * (Width / kChunk) * sizeof(int4);

  T* memory;

  __device__ T* queries() const { return memory; }
  __device__ T* keys(int stage) const { return memory + (kRows + 2 * stage * kKeys) * Width; }
  __device__ T* values(int stage) const { return keys(stage) + kKeys * Width; }
  __device__ static int place(int row, int chunk) { return row * Width + (chunk ^ (row & 7)) * kChunk; }
};

/// Begins to copy `count` rows, those from `valid` on and elements from `width` on as zeros.
template <class T, int Width>
__device__ void copy_rows(T* tile, const T* from, int64_t step, int count, int64_t valid, int64_t width) {
  constexpr int kChunks = Width / Tiles<T, Width>::kChunk, kRowsAtOnce = kThreads / kChunks;
  const int chunk = static_cast<int>(threadIdx.x) % kChunks, first = static_cast<int>(threadIdx.x) / kChunks;
  const int column = chunk * Tiles<T, Width>::kChunk;
  const int rows = column >= width ? 0 : valid < count ? static_cast<int>(valid) : count;
  const T* source = from + first * step + column;
  for (int row = first; row < count; row += kRowsAtOnce, source += kRowsAtOnce * step) {
    copy_async(tile + Tiles<T, Width>::place(row, chunk), row < rows ? source : from, row < rows ? 16 : 0);
  }
}

struct TensorCall {
  AttentionCall attention;
  unsigned pieces;
  float* scratch;
};

// Of all keys that a block's queries may see those of one piece: whole tiles.
[[maybe_unused]] __device__ inline KeyRange keys_of_piece(const KeyRange& all, int64_t pieces, int64_t piece,
                                                          int tile) {
  if (pieces == 1) return all;
  const int64_t share = blocks_for(blocks_for(all.end - all.begin, tile), pieces) * tile;
  const auto within = [&](int64_t key) { return key < all.end ? key : all.end; };
  return {within(all.begin + piece * share), within(all.begin + (piece + 1) * share)};
}

template <class T, int Width>
__global__ void __launch_bounds__(kThreads) tensor_attention_kernel(const __grid_constant__ TensorCall whole_call) {
  // All that this needs beside products came with the architectures that multiply bfloat16.
  if constexpr (kHasProducts<__nv_bfloat16>) {
    using Memory = Tiles<T, Width>;
    constexpr int kKeys = Memory::kKeys, kDepth = Width / 16;
    constexpr bool kKeepsQueries = Width <= 128;  // in registers
    const Memory tiles{shared_memory<T>()};
    const AttentionCall& call = whole_call.attention;
    const int64_t block = blockIdx.x / whole_call.pieces;
    const int lane = static_cast<int>(threadIdx.x % kWarp), warp = static_cast<int>(threadIdx.x / kWarp);
    const int64_t row_blocks = blocks_for(call.rows, kRows);
    // Of causal attention the last queries have the most keys, and go first.
    const int64_t first_row = (row_blocks - 1 - block % row_blocks) * kRows;
    const int64_t head = block / row_blocks, b = head / call.heads, h = head % call.heads;
    const int64_t kv_h = h / (call.heads / call.kv_heads);
    const SequenceKeys sequence = sequence_of(call, b);
    const KeyRange range = keys_of_piece(visible_keys(call, sequence, first_row, kRows), whole_call.pieces,
                                         blockIdx.x % whole_call.pieces, kKeys);
    const T* k = static_cast<const T*>(call.k) + call.k_layout.at(b, kv_h, 0);
    const T* v = static_cast<const T*>(call.v) + call.v_layout.at(b, kv_h, 0);
    const auto copy_tile = [&](int64_t first, int stage) {
      const int64_t valid = range.end - first;
      if (valid > 0) {
        copy_rows<T, Width>(tiles.keys(stage), k + first * call.k_layout.row, call.k_layout.row, kKeys, valid,
                            call.width);
        copy_rows<T, Width>(tiles.values(stage), v + first * call.v_layout.row, call.v_layout.row, kKeys, valid,
                            call.v_width);
      }
      commit_copies();
    };

    copy_rows<T, Width>(tiles.queries(), static_cast<const T*>(call.q) + call.q_layout.at(b, h, first_row),
                        call.q_layout.row, kRows, call.rows - first_row, call.width);
    copy_tile(range.begin, 0);
    const Lane own{b, h, first_row + warp * 16 + lane / 4, lane % 4 * 2};
    const auto load_queries = [&](int step, uint32_t(&words)[4]) {
      load_matrices(words, tiles.queries() + Memory::place(warp * 16 + lane % 16, 2 * step + lane / 16));
    };
    uint32_t queries[kKeepsQueries ? kDepth : 1][4];
    const float factor = is_plain(call) ? call.scale * kLog2E : kLog2E;  // of scores
    Softmax state[2];
    float values[Width / 8][4] = {};

    int stage = 0;
    for (int64_t first = range.begin; first < range.end; first += kKeys, stage ^= 1) {
      copy_tile(first + kKeys, stage ^ 1);
      wait_for_copies<1>();
      __syncthreads();
      if constexpr (kKeepsQueries) {
        if (first == range.begin) {
#pragma unroll
          for (int step = 0; step < kDepth; ++step) load_queries(step, queries[step]);
        }
      }
      float scores[kKeys / 8][4] = {};
      const T* key_tile = tiles.keys(stage);
#pragma unroll
      for (int step = 0; step < kDepth; ++step) {
        uint32_t(&query)[4] = queries[kKeepsQueries ? step : 0];
        if constexpr (!kKeepsQueries) load_queries(step, query);
#pragma unroll
        for (int n = 0; n < kKeys / 16; ++n) {
          uint32_t words[4];
          load_matrices(words, key_tile + Memory::place(n * 16 + lane / 16 * 8 + lane % 8, 2 * step + lane / 8 % 2));
          multiply_fragments<T>(scores[2 * n], query, {words[0], words[1]});
          multiply_fragments<T>(scores[2 * n + 1], query, {words[2], words[3]});
        }
      }
      const int64_t last_row = first_row + kRows - 1;
      const bool all_visible =
          is_visible(call, sequence, first_row, first + kKeys - 1) && is_visible(call, sequence, last_row, first);
      make_scores<T>(call, sequence, own, first, all_visible, scores);

      float kept[2];
      weigh(factor, scores, state, kept);
      scale_rows(values, kept);

      const T* value_tile = tiles.values(stage);
#pragma unroll
      for (int step = 0; step < kKeys / 16; ++step) {
        uint32_t weights[4];
        pack_weights<T>(scores[2 * step], scores[2 * step + 1], weights);
#pragma unroll
        for (int n = 0; n < Width / 16; ++n) {
          uint32_t words[4];
          load_matrices_transposed(words, value_tile + Memory::place(step * 16 + lane % 16, 2 * n + lane / 16));
          multiply_fragments<T>(values[2 * n], weights, {words[0], words[1]});
          multiply_fragments<T>(values[2 * n + 1], weights, {words[2], words[3]});
        }
      }
      __syncthreads();  // the tile has been read
    }
    wait_for_copies<0>();

    join_lanes(state);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t row = own.row + 8 * half;
      if (row >= call.rows) continue;
      if (const unsigned pieces = whole_call.pieces; pieces > 1) {
        const int64_t head_row = (b * call.heads + h) * call.rows + row;
        float* to = whole_call.scratch + (head_row * pieces + blockIdx.x % pieces) * (call.v_width + 2);
        if (own.column == 0) to[0] = state[half].highest * (is_plain(call) ? call.scale : 1.0f);
        if (own.column == 0) to[1] = state[half].sum;
#pragma unroll
        for (int n = 0; n < Width / 8; ++n) {
          const int column = own.column + 8 * n;
          if (column >= call.v_width) continue;
          *reinterpret_cast<float2*>(to + 2 + column) = float2{values[n][2 * half], values[n][2 * half + 1]};
        }
        continue;
      }
      const float last_factor = final_factor(call, h, state[half]);
      T* out = static_cast<T*>(call.out) + call.out_layout.at(b, h, row);
#pragma unroll
      for (int n = 0; n < Width / 8; ++n) {
        const int column = own.column + 8 * n;
        if (column >= call.v_width) continue;
        const float(&tile)[4] = values[n];
        *reinterpret_cast<uint32_t*>(out + column) =
            pack_pair<T>(tile[2 * half] * last_factor, tile[2 * half + 1] * last_factor);
      }
    }
  }
}

template <class T, int Width>
void launch_width(const TensorCall& call, void* stream) {
  const AttentionCall& p = call.attention;
  const int64_t blocks = p.batch * p.heads * blocks_for(p.rows, kRows) * call.pieces;
  launch(tensor_attention_kernel<T, Width>, {static_cast<unsigned>(blocks), 1, 1, kThreads, Tiles<T, Width>::kBytes},
         stream, call);
}

template <class T>
void launch_type(const TensorCall& call, void* stream) {
  const AttentionCall& p = call.attention;
  const int64_t width = p.width > p.v_width ? p.width : p.v_width;
  if (width <= 64) {
    launch_width<T, 64>(call, stream);
  } else if (width <= 128) {
    launch_width<T, 128>(call, stream);
  } else {
    launch_width<T, 256>(call, stream);
  }
}

}  // namespace

void launch_tensor_attention(const AttentionCall& call, const SplitPlan& plan, float* scratch, void* stream) {
  if (call.batch == 0 || call.heads == 0 || call.rows == 0 || call.v_width == 0) return;
  const TensorCall whole{call, static_cast<unsigned>(plan.pieces), scratch};
  if (call.number == Number::F16) {
    launch_type<__half>(whole, stream);
  } else {
    launch_type<__nv_bfloat16>(whole, stream);
  }
  launch_join_pieces(call, plan, scratch, stream);
}

}  // namespace mica::cuda
