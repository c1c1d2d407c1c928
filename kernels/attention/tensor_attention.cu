// Attention on tensor cores, of 16-bit floats with sums in float: a block takes 64 queries of one head past all keys, a
// tile of them at a time, while the next tile is copied to shared memory; weights stay in the registers in which
// products leave them (Dao, "FlashAttention-2"). Rows in shared memory are cut into chunks of 16 bytes whose places are
// exchanged by the number of the row, so that ldmatrix finds the rows of a matrix in different banks.
#include "kernels/attention/attention_score.cuh"
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/team.cuh"

namespace mica::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kRows = kThreads / static_cast<int>(kWarp) * 16;  // queries: 16 to a warp
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

/// Rows g and g + 8 of its warp's 16 are a lane's, of which it has two neighbouring scores in every 8 keys: element e
/// of tile n is of row g + e / 2 * 8 and of column 8 n + e % 2 of those that begin with the lane's first.
struct Lane {
  int64_t b, h;
  int64_t row;  ///< the first
  int column;   ///< the first
};

/// Columns, from the lane's first on, of the keys that a row sees.
struct Seen {
  int begin, end;
};

[[maybe_unused]] __device__ inline bool is_seen(const Seen& seen, int column) {
  return column >= seen.begin && column < seen.end;
}

template <int Keys>
__device__ Seen seen_columns(const AttentionCall& call, const SequenceKeys& sequence, int64_t row, int64_t first,
                             int column) {
  if (row >= call.rows) return {0, 0};
  const KeyRange keys = visible_keys(call, sequence, row, 1);
  const auto within = [&](int64_t key) {
    const int64_t place = key - first;
    return static_cast<int>(place < 0 ? 0 : place > Keys ? Keys : place) - column;
  };
  return {within(keys.begin), within(keys.end)};
}

/// Adds value(element of the mask) to the scores of keys that are seen.
template <class Element, int Tiles, class F>
__device__ void add_terms(const ScoreMask& mask, const Lane& lane, int64_t first, const Seen (&seen)[2],
                          float (&scores)[Tiles][4], F&& value) {
  const int64_t start = lane.b * mask.batch + lane.h * mask.head + (first + lane.column) * mask.key;
  const int step = static_cast<int>(mask.key);  // a last axis is dense or 1
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const Element* row = static_cast<const Element*>(mask.data) + start + (lane.row + 8 * half) * mask.row;
#pragma unroll
    for (int n = 0; n < Tiles; ++n) {
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const int column = 8 * n + e;
        if (is_seen(seen[half], column)) scores[n][2 * half + e] += value(row[column * step]);
      }
    }
  }
}

template <class T, int Tiles>
__device__ void add_masks(const AttentionCall& call, const Lane& lane, int64_t first, const Seen (&seen)[2],
                          float (&scores)[Tiles][4]) {
  using enum ScoreMask::Form;
#pragma unroll 1
  for (const ScoreMask& mask : call.masks) {
    if (mask.data == nullptr) continue;
    if (mask.form == Terms) {
      add_terms<T>(mask, lane, first, seen, scores, [](T x) { return widen(x); });
    } else if (mask.form == Shown) {
      add_terms<bool>(mask, lane, first, seen, scores, [](bool shown) { return shown ? 0.0f : -INFINITY; });
    } else if (mask.form == Flags) {
      add_terms<int32_t>(mask, lane, first, seen, scores, [&](int32_t x) { return x > 0 ? 0.0f : mask.term; });
    } else {
      const KeyRange shown = shown_keys(mask, lane.b);
#pragma unroll
      for (int n = 0; n < Tiles; ++n) {
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          const int64_t j = first + lane.column + 8 * n + e % 2;
          scores[n][e] += j >= shown.begin && j < shown.end ? 0.0f : mask.term;
        }
      }
    }
  }
}

/// Whether scores follow from products by a factor above 0 alone, which weights can take into account.
[[maybe_unused]] __device__ inline bool is_plain(const AttentionCall& call) {
  return call.scale > 0 && call.softcap == 0 && call.masks[0].data == nullptr && call.masks[1].data == nullptr &&
         call.sinks == nullptr && !call.zero_sinks;
}

/// Makes scores of products, as score_of does, but for the scale of plain ones.
template <class T, int Tiles>
__device__ void make_scores(const AttentionCall& call, const SequenceKeys& sequence, const Lane& lane, int64_t first,
                            bool all_visible, float (&scores)[Tiles][4]) {
  const bool plain = is_plain(call);
  if (plain && all_visible) return;
  const Seen seen[2] = {seen_columns<8 * Tiles>(call, sequence, lane.row, first, lane.column),
                        seen_columns<8 * Tiles>(call, sequence, lane.row + 8, first, lane.column)};
  if (!plain) {
#pragma unroll
    for (auto& tile : scores) {
#pragma unroll
      for (float& score : tile) {
        score *= call.scale;
        if (call.softcap != 0) score = call.softcap * (1 - 2 / (1 + exp2f(2 * kLog2E / call.softcap * score)));  // tanh
      }
    }
    add_masks<T>(call, lane, first, seen, scores);
  }
#pragma unroll
  for (int n = 0; n < Tiles; ++n) {
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      if (!is_seen(seen[e / 2], 8 * n + e % 2)) scores[n][e] = -INFINITY;
    }
  }
}

template <class T, int Width>
__global__ void __launch_bounds__(kThreads) tensor_attention_kernel(const __grid_constant__ AttentionCall call) {
  // All that this needs beside products came with the architectures that multiply bfloat16.
  if constexpr (kHasProducts<__nv_bfloat16>) {
    using Memory = Tiles<T, Width>;
    constexpr int kKeys = Memory::kKeys, kDepth = Width / 16;
    constexpr bool kKeepsQueries = Width <= 128;  // in registers
    const Memory tiles{shared_memory<T>()};
    const int lane = static_cast<int>(threadIdx.x % kWarp), warp = static_cast<int>(threadIdx.x / kWarp);
    const int64_t row_blocks = blocks_for(call.rows, kRows);
    // Of causal attention the last queries have the most keys, and go first.
    const int64_t first_row = (row_blocks - 1 - blockIdx.x % row_blocks) * kRows;
    const int64_t head = blockIdx.x / row_blocks, b = head / call.heads, h = head % call.heads;
    const int64_t kv_h = h / (call.heads / call.kv_heads);
    const SequenceKeys sequence = sequence_of(call, b);
    const KeyRange range = visible_keys(call, sequence, first_row, kRows);
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

#pragma unroll
      for (int half = 0; half < 2; ++half) {  // rows g and g + 8, whose scores four lanes share
        float now = state[half].highest, sum = 0;
#pragma unroll
        for (const auto& tile : scores) now = larger(larger(now, tile[2 * half]), tile[2 * half + 1]);
        now = larger(now, shuffle_xor(now, 1));
        now = larger(now, shuffle_xor(now, 2));
        const float kept = weight_of(state[half].highest, now, factor);
#pragma unroll
        for (auto& tile : scores) {
#pragma unroll
          for (int e = 2 * half; e < 2 * half + 2; ++e) {
            tile[e] = weight_of(tile[e], now, factor);
            sum += tile[e];
          }
        }
        state[half] = {now, state[half].sum * kept + sum};  // of this lane's keys
#pragma unroll
        for (auto& tile : values) {
          tile[2 * half] *= kept;
          tile[2 * half + 1] *= kept;
        }
      }

      const T* value_tile = tiles.values(stage);
#pragma unroll
      for (int step = 0; step < kKeys / 16; ++step) {
        const float(&low)[4] = scores[2 * step];
        const float(&high)[4] = scores[2 * step + 1];
        const uint32_t weights[4] = {pack_pair<T>(low[0], low[1]), pack_pair<T>(low[2], low[3]),
                                     pack_pair<T>(high[0], high[1]), pack_pair<T>(high[2], high[3])};
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

#pragma unroll
    for (int half = 0; half < 2; ++half) {
      state[half].sum += shuffle_xor(state[half].sum, 1);
      state[half].sum += shuffle_xor(state[half].sum, 2);
      const int64_t row = own.row + 8 * half;
      if (row >= call.rows) continue;
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
void launch_width(const AttentionCall& call, void* stream) {
  const int64_t blocks = call.batch * call.heads * blocks_for(call.rows, kRows);
  launch(tensor_attention_kernel<T, Width>, {static_cast<unsigned>(blocks), 1, 1, kThreads, Tiles<T, Width>::kBytes},
         stream, call);
}

template <class T>
void launch_type(const AttentionCall& call, void* stream) {
  const int64_t width = call.width > call.v_width ? call.width : call.v_width;
  if (width <= 64) {
    launch_width<T, 64>(call, stream);
  } else if (width <= 128) {
    launch_width<T, 128>(call, stream);
  } else {
    launch_width<T, 256>(call, stream);
  }
}

}  // namespace

void launch_tensor_attention(const AttentionCall& call, void* stream) {
  if (call.batch == 0 || call.heads == 0 || call.rows == 0 || call.v_width == 0) return;
  if (call.number == Number::F16) {
    launch_type<__half>(call, stream);
  } else {
    launch_type<__nv_bfloat16>(call, stream);
  }
}

}  // namespace mica::cuda
