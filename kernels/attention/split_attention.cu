// Attention of few queries over many keys, as in decoding: as fast as keys and values can be read. Lanes that hold
// eight elements of a row each take a key together; each such group keeps maximum, sum and weighed values of the keys
// it has seen, for some queries, and all are joined in the end.
#include "kernels/attention/attention_score.cuh"
#include "kernels/cuda/team.cuh"

namespace mica::cuda {
namespace {

constexpr int kElements = 8;  // of a row, of a lane
constexpr int kThreads = 128, kWarps = kThreads / static_cast<int>(kWarp);
constexpr int kMostWidth = static_cast<int>(AttentionCall::kMostWidth);

/// What launch_split_attention works out for its kernels.
struct SplitCall {
  AttentionCall attention;
  SplitPlan plan;
  int64_t chunks;  ///< of the rows that share keys
  int lanes;       ///< of a group: a power of 2
  bool aligned;    ///< all rows can be read 16 bytes at a time
  float* scratch;  ///< of each row and piece: maximum, sum, values
};

template <class T>
union Elements {
  int4 whole[sizeof(T) * kElements / sizeof(int4)];
  T each[kElements];
};

template <class T>
__device__ void load(const SplitCall& call, const void* data, int64_t at, int64_t first, int64_t width,
                     Elements<T>& elements) {
  const T* from = static_cast<const T*>(data) + at + first;
  for (int4& part : elements.whole) part = int4{0, 0, 0, 0};
  if (first >= width) return;
  if (call.aligned) {
#pragma unroll
    for (int i = 0; i < static_cast<int>(sizeof(elements.whole) / sizeof(int4)); ++i) {
      elements.whole[i] = reinterpret_cast<const int4*>(from)[i];
    }
  } else {
#pragma unroll
    for (int i = 0; i < kElements; ++i) {
      if (first + i < width) elements.each[i] = from[i];
    }
  }
}

/// Of some keys: what they are to one query.
struct Weighed {
  Softmax state;
  float values[kElements] = {};
};

__device__ void join(Weighed& a, const Softmax& state, const float (&values)[kElements]) {
  const float highest = larger(a.state.highest, state.highest);
  const float kept = weight_of(a.state.highest, highest), added = weight_of(state.highest, highest);
  a.state = {highest, a.state.sum * kept + state.sum * added};
#pragma unroll
  for (int e = 0; e < kElements; ++e) a.values[e] = a.values[e] * kept + values[e] * added;
}

template <class T, int Rows>
__global__ void __launch_bounds__(kThreads) split_kernel(const __grid_constant__ SplitCall call) {
  constexpr int kUnroll = Rows == 1 ? 4 : 2;  // keys of a group at a time
  const AttentionCall& attention = call.attention;
  const int64_t piece = blockIdx.x % call.plan.pieces, block = blockIdx.x / call.plan.pieces;
  const int64_t chunk = block % call.chunks, kv_of_all = block / call.chunks;
  const int64_t b = kv_of_all / attention.kv_heads, kv_h = kv_of_all % attention.kv_heads;
  const SequenceKeys sequence = sequence_of(attention, b);
  const int lane = static_cast<int>(threadIdx.x) % call.lanes, group = static_cast<int>(threadIdx.x) / call.lanes;
  const int groups = kThreads / call.lanes;
  const int64_t first_element = lane * kElements;
  const int64_t first_row = chunk * Rows;
  const auto place = [&](int r) -> QueryPlace {
    const int64_t row = first_row + r, group_heads = attention.heads / attention.kv_heads;
    return {b, kv_h * group_heads + row / attention.rows, row % attention.rows};
  };

  float q[Rows][kElements];
#pragma unroll
  for (int r = 0; r < Rows; ++r) {
    Elements<T> row{};
    const QueryPlace at = place(r);
    if (first_row + r < call.plan.rows) {
      load(call, attention.q, attention.q_layout.at(at.b, at.h, at.i), first_element, attention.width, row);
    }
#pragma unroll
    for (int e = 0; e < kElements; ++e) q[r][e] = widen(row.each[e]);
  }

  const KeyRange range = visible_keys(attention, sequence, 0, attention.rows);
  const int64_t share = (range.end - range.begin + call.plan.pieces - 1) / call.plan.pieces;
  const int64_t begin = range.begin + piece * share, end = begin + share < range.end ? begin + share : range.end;
  Weighed own[Rows];
  for (int64_t first = begin; first < end; first += groups * kUnroll) {
    Elements<T> k[kUnroll], v[kUnroll];
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      const int64_t j = first + u * groups + group;
      const int64_t none = j < end ? 0 : kMostWidth;  // a row without elements
      load(call, attention.k, attention.k_layout.at(b, kv_h, j), first_element + none, attention.width, k[u]);
      load(call, attention.v, attention.v_layout.at(b, kv_h, j), first_element + none, attention.v_width, v[u]);
    }
#pragma unroll
    for (int r = 0; r < Rows; ++r) {
      float weight[kUnroll];
      float now = own[r].state.highest;
#pragma unroll
      for (int u = 0; u < kUnroll; ++u) {
        float product = 0;
#pragma unroll
        for (int e = 0; e < kElements; ++e) product += q[r][e] * widen(k[u].each[e]);
        for (int lanes = call.lanes / 2; lanes > 0; lanes /= 2) product += shuffle_xor(product, lanes);
        const int64_t j = first + u * groups + group;
        const bool is_score = j < end && first_row + r < call.plan.rows;
        weight[u] = is_score ? score_of(attention, sequence, place(r), j, product) : -INFINITY;
        now = larger(now, weight[u]);
      }
      const float kept = weight_of(own[r].state.highest, now);
      own[r].state = {now, own[r].state.sum * kept};
#pragma unroll
      for (int e = 0; e < kElements; ++e) own[r].values[e] *= kept;
#pragma unroll
      for (int u = 0; u < kUnroll; ++u) {
        const float w = weight_of(weight[u], now);
        own[r].state.sum += w;
#pragma unroll
        for (int e = 0; e < kElements; ++e) own[r].values[e] += w * widen(v[u].each[e]);
      }
    }
  }

  __shared__ float highest[kWarps][Rows], sums[kWarps][Rows];
  __shared__ float values[kWarps][Rows][kMostWidth];
  const int warp = static_cast<int>(threadIdx.x / kWarp);
#pragma unroll
  for (int r = 0; r < Rows; ++r) {
    for (int lanes = call.lanes; lanes < static_cast<int>(kWarp); lanes *= 2) {
      const Softmax other = shuffle_xor(own[r].state, lanes);
      float other_values[kElements];
#pragma unroll
      for (int e = 0; e < kElements; ++e) other_values[e] = shuffle_xor(own[r].values[e], lanes);
      join(own[r], other, other_values);
    }
    if (static_cast<int>(threadIdx.x % kWarp) < call.lanes) {
      highest[warp][r] = own[r].state.highest;
      sums[warp][r] = own[r].state.sum;
#pragma unroll
      for (int e = 0; e < kElements; ++e) values[warp][r][first_element + e] = own[r].values[e];
    }
  }
  __syncthreads();
  for (int n = static_cast<int>(threadIdx.x); n < Rows * kMostWidth; n += kThreads) {
    const int r = n / kMostWidth, d = n % kMostWidth;
    if (first_row + r >= call.plan.rows || d >= attention.v_width) continue;
    Softmax state;
    for (int w = 0; w < kWarps; ++w) state.highest = larger(state.highest, highest[w][r]);
    float value = 0;
    for (int w = 0; w < kWarps; ++w) {
      const float kept = weight_of(highest[w][r], state.highest);
      state.sum += sums[w][r] * kept;
      value += values[w][r][d] * kept;
    }
    const QueryPlace at = place(r);
    if (call.plan.pieces == 1) {
      store_float(attention.out, attention.number, attention.out_layout.at(at.b, at.h, at.i) + d,
                  value * final_factor(attention, at.h, state));
      continue;
    }
    const int64_t row = (at.b * attention.heads + at.h) * attention.rows + at.i;
    float* to = call.scratch + (row * call.plan.pieces + piece) * (attention.v_width + 2);
    to[2 + d] = value;
    if (d == 0) to[0] = state.highest;
    if (d == 0) to[1] = state.sum;
  }
}

// A warp joins the pieces of one query.
__global__ void join_pieces_kernel(const __grid_constant__ AttentionCall attention, int64_t pieces,
                                   const float* scratch) {
  using Rows = Team<false>;
  const int64_t step = attention.v_width + 2;
  const int64_t rows = attention.batch * attention.heads * attention.rows;
  for (int64_t row = Rows::first_row(); row < rows; row += Rows::row_stride()) {
    const float* from = scratch + row * pieces * step;
    Softmax state;
    for (int64_t p = 0; p < pieces; ++p) state.highest = larger(state.highest, from[p * step]);
    for (int64_t p = 0; p < pieces; ++p) state.sum += from[p * step + 1] * weight_of(from[p * step], state.highest);
    const int64_t i = row % attention.rows, head = row / attention.rows;
    const int64_t h = head % attention.heads, b = head / attention.heads;
    const float factor = final_factor(attention, h, state);
    for (int64_t d = Rows::lane(); d < attention.v_width; d += Rows::lanes()) {
      float value = 0;
      for (int64_t p = 0; p < pieces; ++p) value += from[p * step + 2 + d] * weight_of(from[p * step], state.highest);
      store_float(attention.out, attention.number, attention.out_layout.at(b, h, i) + d, value * factor);
    }
  }
}

template <class T>
void launch_split(SplitCall& call, void* stream) {
  const AttentionCall& attention = call.attention;
  const int rows = call.plan.rows == 1 ? 1 : kSplitRows;
  call.chunks = blocks_for(call.plan.rows, rows);
  call.aligned = is_aligned(attention);
  call.lanes = 1;
  while (call.lanes * kElements < attention.width || call.lanes * kElements < attention.v_width) call.lanes *= 2;
  const int64_t blocks = attention.batch * attention.kv_heads * call.chunks * call.plan.pieces;
  const Grid grid{static_cast<unsigned>(blocks), 1, 1, kThreads};
  launch(rows == 1 ? split_kernel<T, 1> : split_kernel<T, kSplitRows>, grid, stream, call);
}

}  // namespace

void launch_split_attention(const AttentionCall& attention, const SplitPlan& plan, float* scratch, void* stream) {
  if (attention.batch == 0 || attention.heads == 0 || attention.rows == 0 || attention.v_width == 0) return;
  SplitCall call{attention, plan, 0, 0, false, scratch};
  if (attention.number == Number::F16) {
    launch_split<__half>(call, stream);
  } else if (attention.number == Number::BF16) {
    launch_split<__nv_bfloat16>(call, stream);
  } else {
    launch_split<float>(call, stream);
  }
  launch_join_pieces(attention, plan, scratch, stream);
}

void launch_join_pieces(const AttentionCall& call, const SplitPlan& plan, const float* scratch, void* stream) {
  if (plan.pieces == 1) return;
  launch(join_pieces_kernel, over_rows(call.batch * call.heads * call.rows, 1).grid, stream, call, plan.pieces,
         scratch);
}

}  // namespace mica::cuda
