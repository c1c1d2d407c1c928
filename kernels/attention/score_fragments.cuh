// Scores of attention as tensor cores leave products in the registers of a warp: masks, softmax, and what becomes of
// them.
#pragma once

#include "kernels/attention/attention_score.cuh"
#include "kernels/cuda/fast_math.cuh"
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/team.cuh"

namespace mica::cuda {

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

__device__ inline bool is_seen(const Seen& seen, int column) {
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
__device__ __forceinline__ void add_terms(const ScoreMask& mask, const Lane& lane, int64_t first, const Seen (&seen)[2],
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
__device__ __forceinline__ void add_masks(const AttentionCall& call, const Lane& lane, int64_t first,
                                          const Seen (&seen)[2], float (&scores)[Tiles][4]) {
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
__device__ inline bool is_plain(const AttentionCall& call) {
  return call.scale > 0 && call.softcap == 0 && call.masks[0].data == nullptr && call.masks[1].data == nullptr &&
         call.sinks == nullptr && !call.zero_sinks;
}

/// Makes scores of products, as score_of does, but for the scale of plain ones.
template <class T, int Tiles>
__device__ __forceinline__ void make_scores(const AttentionCall& call, const SequenceKeys& sequence, const Lane& lane,
                                            int64_t first, bool all_visible, float (&scores)[Tiles][4]) {
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

/// Puts 2^power(score) in place of the scores of one of two rows.
template <int Tiles, class Power>
__device__ __forceinline__ void weigh_row(float (&scores)[Tiles][4], int half, Power power) {
#pragma unroll
  for (auto& tile : scores) {
#pragma unroll
    for (int e = 0; e < 2; ++e) tile[2 * half + e] = fast_exp2(power(tile[2 * half + e]));
  }
}

/// Puts weights in place of scores, which are to be multiplied with factor / log2(e); what has been summed so far is to
/// be multiplied with `kept`. A NaN among the scores becomes one of the weights. Sums are those of this lane's keys.
template <int Tiles>
__device__ __forceinline__ void weigh(float factor, float (&scores)[Tiles][4], Softmax (&state)[2], float (&kept)[2]) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {  // rows g and g + 8, whose scores four lanes share
    float now = state[half].highest, sum = 0;
#pragma unroll
    for (const auto& tile : scores) now = fmaxf(fmaxf(now, tile[2 * half]), tile[2 * half + 1]);
    now = fmaxf(now, shuffle_xor(now, 1));
    now = fmaxf(now, shuffle_xor(now, 2));
    const float highest = now == -INFINITY ? 0.0f : now, least = highest * factor;
    kept[half] = fast_exp2((state[half].highest - highest) * factor);
    // Multiplied first, all of a row are off by what `least` was rounded by: a common factor, but no number where
    // scores are large, as with masks that hold the lowest number that there is.
    if (fabsf(least) < 0x1p15f) {
      weigh_row(scores, half, [&](float score) { return fmaf(score, factor, -least); });
    } else {
      weigh_row(scores, half, [&](float score) { return (score - highest) * factor; });
    }
#pragma unroll
    for (const auto& tile : scores) sum += tile[2 * half] + tile[2 * half + 1];
    state[half] = {now, state[half].sum * kept[half] + sum};
  }
}

/// The weights of 16 keys, from the first of two tiles on, as the left operand of a product.
template <class T>
__device__ __forceinline__ void pack_weights(const float (&low)[4], const float (&high)[4], uint32_t (&words)[4]) {
  words[0] = pack_pair<T>(low[0], low[1]);
  words[1] = pack_pair<T>(low[2], low[3]);
  words[2] = pack_pair<T>(high[0], high[1]);
  words[3] = pack_pair<T>(high[2], high[3]);
}

template <int Tiles>
__device__ __forceinline__ void scale_rows(float (&values)[Tiles][4], const float (&factors)[2]) {
#pragma unroll
  for (auto& tile : values) {
#pragma unroll
    for (int e = 0; e < 4; ++e) tile[e] *= factors[e / 2];
  }
}

/// Sums of all keys, of those that the lanes have.
__device__ inline void join_lanes(Softmax (&state)[2]) {
#pragma unroll
  for (Softmax& row : state) {
    row.sum += shuffle_xor(row.sum, 1);
    row.sum += shuffle_xor(row.sum, 2);
  }
}

}  // namespace mica::cuda
