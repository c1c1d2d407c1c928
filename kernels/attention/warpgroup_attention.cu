// Attention by warpgroups on Hopper GPUs, of 16-bit floats with sums in float (Shah et al., "FlashAttention-3"). A
// block takes 128 queries of one head past the keys that they see. One thread of the first warpgroup has the copy
// engine bring tiles of keys and values ahead of the two others, which have 64 queries each. Each of these has scores
// of the next tile and values of this one multiplied while it makes weights; and while one makes weights, the other has
// the tensor cores.
#include "kernels/attention/score_fragments.cuh"
#include "kernels/attention/warpgroup_attention_cuda.h"
#include "kernels/cuda/warpgroup.cuh"
#include "kernels/matmul/quad_columns.cuh"

namespace mica::cuda {
namespace {

constexpr int kStages = 2;
constexpr int kWarpgroup = 128;  // threads
constexpr int kConsumers = 2;    // warpgroups
constexpr int kThreads = (1 + kConsumers) * kWarpgroup;
constexpr int kKeys = kWarpgroupKeys;
constexpr int kColumns = 64;  // of a box
constexpr int kDepth = 16;    // of an instruction
constexpr uint32_t kQueryBox = kWarpgroupQueries * kTileRow, kKeyBox = kKeys * kTileRow;
static_assert(kKeys == 128, "multiply_tiles makes scores of as many keys");

struct WarpgroupCall {
  AttentionCall attention;
  TensorMap q, k, v;
};

/// Of a block, and of all its threads.
struct Place {
  int64_t b, h, kv_h, first_row;
  SequenceKeys sequence;
  KeyRange range;
  int tiles;  ///< of keys

  __device__ explicit Place(const AttentionCall& call) {
    const int64_t row_blocks = blocks_for(call.rows, kWarpgroupQueries);
    // Of causal attention the last queries have the most keys, and go first.
    first_row = (row_blocks - 1 - blockIdx.x % row_blocks) * kWarpgroupQueries;
    const int64_t head = blockIdx.x / row_blocks;
    b = head / call.heads;
    h = head % call.heads;
    kv_h = h / (call.heads / call.kv_heads);
    sequence = sequence_of(call, b);
    range = visible_keys(call, sequence, first_row, kWarpgroupQueries);
    tiles = static_cast<int>(blocks_for(range.end - range.begin, kKeys));
  }
};

[[maybe_unused]] __device__ inline int64_t first_key(const Place& at, int tile) {
  return at.range.begin + static_cast<int64_t>(tile) * kKeys;
}

/// Shared memory: tiles of heads with room for `Width` elements, each of boxes of 64 columns, and barriers.
template <int Width>
struct Memory {
  static constexpr int kBoxes = Width / kColumns;
  static constexpr uint32_t kQueries = kBoxes * kQueryBox, kTile = kBoxes * kKeyBox;
  static constexpr int kBarriers = 1 + 4 * kStages + 2 * kConsumers;
  static constexpr size_t kBytes = kTileAlignment + kQueries + 2 * kStages * kTile + kBarriers * sizeof(CopyBarrier);

  char *queries, *keys, *values;  ///< stages of keys and of values follow each other
  CopyBarrier* queries_full;
  CopyBarrier *keys_full, *keys_empty, *values_full, *values_empty;  ///< of each stage
  CopyBarrier* turns;                                                ///< of each consumer: the tensor cores are its
  CopyBarrier* cleared;  ///< of each consumer: rows of the last tile that are no keys are zeros

  __device__ static Memory make() {
    char* memory = shared_memory<char>();
    memory += (kTileAlignment - shared_address(memory) % kTileAlignment) % kTileAlignment;
    Memory made;
    made.queries = memory;
    made.keys = made.queries + kQueries;
    made.values = made.keys + kStages * kTile;
    made.queries_full = reinterpret_cast<CopyBarrier*>(made.values + kStages * kTile);
    made.keys_full = made.queries_full + 1;
    made.keys_empty = made.keys_full + kStages;
    made.values_full = made.keys_empty + kStages;
    made.values_empty = made.values_full + kStages;
    made.turns = made.values_empty + kStages;
    made.cleared = made.turns + kConsumers;
    return made;
  }

  __device__ void make_barriers() const {
    make_barrier(queries_full, 1);
    for (int stage = 0; stage < kStages; ++stage) {
      make_barrier(&keys_full[stage], 1);
      make_barrier(&values_full[stage], 1);
      make_barrier(&keys_empty[stage], kConsumers);
      make_barrier(&values_empty[stage], kConsumers);
    }
    for (int consumer = 0; consumer < kConsumers; ++consumer) {
      make_barrier(&turns[consumer], 1);
      make_barrier(&cleared[consumer], kWarpgroup);
    }
    publish_barriers();
  }
};

template <int Width>
__device__ void bring(const WarpgroupCall& call, const Memory<Width>& memory, const Place& at) {
  const int b = static_cast<int>(at.b), kv_h = static_cast<int>(at.kv_h);
  arrive_expecting(memory.queries_full, Memory<Width>::kQueries);
  for (int box = 0; box < Memory<Width>::kBoxes; ++box) {
    copy_box(memory.queries + box * kQueryBox, call.q, memory.queries_full, box * kColumns,
             static_cast<int>(at.first_row), static_cast<int>(at.h), b);
  }
  RingTurn<kStages> turn;
  const auto copy_tile = [&](const TensorMap& map, char* stages, CopyBarrier* full, CopyBarrier* empty, int row) {
    wait_for(&empty[turn.stage], turn.parity ^ 1);  // all are empty in the beginning
    arrive_expecting(&full[turn.stage], Memory<Width>::kTile);
    for (int box = 0; box < Memory<Width>::kBoxes; ++box) {
      copy_box(stages + turn.stage * Memory<Width>::kTile + box * kKeyBox, map, &full[turn.stage], box * kColumns, row,
               kv_h, b);
    }
  };
  for (int tile = 0; tile < at.tiles; ++tile, turn.next()) {
    const int row = static_cast<int>(first_key(at, tile));
    copy_tile(call.k, memory.keys, memory.keys_full, memory.keys_empty, row);
    copy_tile(call.v, memory.values, memory.values_full, memory.values_empty, row);
  }
}

template <class Element, int rows, int columns>
__device__ __forceinline__ Element (&flat(Element (&array)[rows][columns]))[rows * columns] {
  return reinterpret_cast<Element(&)[rows * columns]>(array);
}

/// A warpgroup with 64 queries.
template <class T, int Width>
struct Consumer {
  static constexpr int kRows = kWarpgroupQueries / kConsumers;
  static constexpr uint32_t kEightRows = 8 * kTileRow;
  using Shared = Memory<Width>;

  const AttentionCall& call;
  const Place& at;
  const Shared& memory;
  const int index = static_cast<int>(threadIdx.x) / kWarpgroup - 1;
  const bool speaks = threadIdx.x % kWarpgroup == 0;

  /// Begins scores = queries * keys.
  __device__ __forceinline__ void multiply_keys(float (&scores)[kKeys / 8][4], int stage) const {
    const uint32_t queries = shared_address(memory.queries) + index * kRows * kTileRow;
    const uint32_t keys = shared_address(memory.keys) + stage * Shared::kTile;
#pragma unroll
    for (int k = 0; k < Width; k += kDepth) {
      const uint32_t box = k / kColumns, column = k % kColumns * 2;
      multiply_tiles<T, false>(flat(scores), encode(TileDescriptor{queries + box * kQueryBox + column, 0, kEightRows}),
                               encode(TileDescriptor{keys + box * kKeyBox + column, 0, kEightRows}), k > 0);
    }
    commit_products();
  }

  /// Begins sums += weights * values. A loop would be unrolled too late for weights to lie in registers.
  template <int step = 0>
  __device__ __forceinline__ void multiply_values(float (&sums)[Width / 8][4],
                                                  const uint32_t (&weights)[kKeys / kDepth][4], int stage) const {
    if constexpr (step < kKeys / kDepth) {
      const uint32_t values = shared_address(memory.values) + stage * Shared::kTile + step * kDepth * kTileRow;
      multiply_registers<T>(flat(sums), weights[step], encode(TileDescriptor{values, kKeyBox, kEightRows}));
      multiply_values<step + 1>(sums, weights, stage);
    } else {
      commit_products();
    }
  }

  /// In the last tile: what stands behind the keys of a sequence that is shorter than others may be no numbers, of
  /// which a weight of 0 makes no 0.
  __device__ void clear_values_behind_keys(int stage) const {
    const int64_t keys = at.sequence.keys - first_key(at, at.tiles - 1);
    if (at.sequence.keys == call.keys || keys >= kKeys) return;
    int4* values = reinterpret_cast<int4*>(memory.values + stage * Shared::kTile);
    constexpr int kVectors = kTileRow / static_cast<int>(sizeof(int4));  // of a row
    for (int box = 0; box < Shared::kBoxes; ++box) {
      for (int i = static_cast<int>(keys) * kVectors + static_cast<int>(threadIdx.x) % kWarpgroup; i < kKeys * kVectors;
           i += kWarpgroup) {
        values[box * kKeys * kVectors + i] = int4{0, 0, 0, 0};
      }
    }
    publish_tiles();
    arrive(&memory.cleared[index]);
    wait_for(&memory.cleared[index], 0);
  }

  __device__ __forceinline__ static void pack_all_weights(const float (&scores)[kKeys / 8][4],
                                                          uint32_t (&weights)[kKeys / kDepth][4]) {
#pragma unroll
    for (int step = 0; step < kKeys / kDepth; ++step) {
      pack_weights<T>(scores[2 * step], scores[2 * step + 1], weights[step]);
      settle(weights[step]);
    }
  }

  __device__ void release(CopyBarrier* empty) const {
    if (speaks) arrive(empty);
  }

  __device__ void wait_for_turn(int round) const {
    wait_for(&memory.turns[index], round % 2);
  }
  __device__ void end_turn() const {
    if (speaks) arrive(&memory.turns[1 - index]);
  }

  __device__ __forceinline__ void score(float (&scores)[kKeys / 8][4], const Lane& own, int tile) const {
    settle(flat(scores));
    const int64_t first = first_key(at, tile), first_row = at.first_row + index * kRows;
    const bool all_visible = is_visible(call, at.sequence, first_row, first + kKeys - 1) &&
                             is_visible(call, at.sequence, first_row + kRows - 1, first);
    make_scores<T>(call, at.sequence, own, first, all_visible, scores);
  }

  __device__ __forceinline__ void run() const {
    const int warp = static_cast<int>(threadIdx.x) % kWarpgroup / static_cast<int>(kWarp);
    const int lane = static_cast<int>(threadIdx.x % kWarp);
    const Lane own{at.b, at.h, at.first_row + index * kRows + warp * 16 + lane / 4, lane % 4 * 2};
    const float factor = is_plain(call) ? call.scale * kLog2E : kLog2E;  // of scores
    Softmax state[2];
    float sums[Width / 8][4] = {};
    if (at.tiles > 0) {
      RingTurn<kStages> keys, values;
      float scores[kKeys / 8][4], kept[2];
      uint32_t weights[kKeys / kDepth][4];
      if (index == 1) end_turn();  // the other has the first
      wait_for(memory.queries_full, 0);
      wait_for(&memory.keys_full[0], 0);
      begin_products();
      multiply_keys(scores, 0);
      wait_for_products<0>();
      release(&memory.keys_empty[0]);
      for (int tile = 0;;) {
        score(scores, own, tile);
        weigh(factor, scores, state, kept);
        wait_for_products<0>();
        settle(flat(sums));
        if (tile > 0) {
          release(&memory.values_empty[values.stage]);
          values.next();
        }
        scale_rows(sums, kept);
        pack_all_weights(scores, weights);
        if (++tile == at.tiles) break;
        keys.next();
        wait_for(&memory.keys_full[keys.stage], keys.parity);
        wait_for(&memory.values_full[values.stage], values.parity);
        wait_for_turn(tile - 1);
        settle(flat(sums));
        settle(flat(scores));
        begin_products();
        multiply_keys(scores, keys.stage);
        multiply_values(sums, weights, values.stage);
        end_turn();
        wait_for_products<1>();
        release(&memory.keys_empty[keys.stage]);
      }
      wait_for(&memory.values_full[values.stage], values.parity);
      if (call.sequences != nullptr) clear_values_behind_keys(values.stage);
      settle(flat(sums));
      begin_products();
      multiply_values(sums, weights, values.stage);
      wait_for_products<0>();
      settle(flat(sums));
    }
    join_lanes(state);
    store(own, state, sums);
  }

  __device__ __forceinline__ void store(const Lane& own, const Softmax (&state)[2], float (&sums)[Width / 8][4]) const {
    const float factors[2] = {final_factor(call, at.h, state[0]), final_factor(call, at.h, state[1])};
    scale_rows(sums, factors);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t row = own.row + 8 * half;
      T* out = static_cast<T*>(call.out) + call.out_layout.at(at.b, at.h, row);
#pragma unroll
      for (int n = 0; n < Width / 8; n += 4) {
        uint32_t words[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) words[i] = pack_pair<T>(sums[n + i][2 * half], sums[n + i][2 * half + 1]);
        transpose_quad(words);
        const int column = 8 * n + own.column * 4;
        if (row >= call.rows || column >= call.v_width) continue;
        *reinterpret_cast<uint4*>(out + column) = uint4{words[0], words[1], words[2], words[3]};
      }
    }
  }
};

template <class T, int Width>
__global__ void __launch_bounds__(kThreads, 1) warpgroup_attention_kernel(const __grid_constant__ WarpgroupCall call) {
  if constexpr (kHasWarpgroups) {
    const Memory<Width> memory = Memory<Width>::make();
    const Place at(call.attention);
    if (threadIdx.x == 0) memory.make_barriers();
    __syncthreads();
    if (threadIdx.x / kWarpgroup == 0) {
      give_registers<24>();
      if (threadIdx.x == 0 && at.tiles > 0) bring<Width>(call, memory, at);
    } else {
      take_registers<240>();
      const Consumer<T, Width> consumer{call.attention, at, memory};
      consumer.run();
    }
  }
}

template <class T, int Width>
void launch_width(const WarpgroupCall& call, void* stream) {
  const AttentionCall& p = call.attention;
  const int64_t blocks = p.batch * p.heads * blocks_for(p.rows, kWarpgroupQueries);
  launch(warpgroup_attention_kernel<T, Width>, {static_cast<unsigned>(blocks), 1, 1, kThreads, Memory<Width>::kBytes},
         stream, call);
}

template <class T>
void launch_type(const WarpgroupCall& call, void* stream) {
  if (call.attention.width <= kColumns && call.attention.v_width <= kColumns) {
    launch_width<T, kColumns>(call, stream);
  } else {
    launch_width<T, 2 * kColumns>(call, stream);
  }
}

}  // namespace

bool suits_warpgroups(const AttentionCall& call) {
  const int64_t blocks = call.batch * call.heads * blocks_for(call.rows, kWarpgroupQueries);
  return call.number != Number::F32 && reinterpret_cast<uintptr_t>(call.out) % 16 == 0 &&
         call.width <= kMostWarpgroupWidth && call.v_width <= kMostWarpgroupWidth &&
         call.rows > kWarpgroupQueries / 2 && 2 * blocks >= multiprocessors();
}

void launch_warpgroup_attention(const AttentionCall& call, const TensorMap& q, const TensorMap& k, const TensorMap& v,
                                void* stream) {
  const WarpgroupCall warpgroups{call, q, k, v};
  if (call.number == Number::F16) {
    launch_type<__half>(warpgroups, stream);
  } else {
    launch_type<__nv_bfloat16>(warpgroups, stream);
  }
}

}  // namespace mica::cuda
