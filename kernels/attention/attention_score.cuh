// What CUDA kernels of attention make of a product of a query and a key.
#pragma once

#include "kernels/attention/attention_cuda.h"
#include "kernels/cuda/element.cuh"

namespace mica::cuda {

constexpr float kLog2E = 1.44269504088896340736f;

__device__ inline SequenceKeys sequence_of(const AttentionCall& call, int64_t b) {
  return call.sequences != nullptr ? call.sequences[b] : SequenceKeys{call.keys, call.offset};
}

/// A query row, by batch entry, query head and number in its sequence.
struct QueryPlace {
  int64_t b, h, i;
};

/// The keys to which a mask of bounds adds nothing.
__device__ inline KeyRange shown_keys(const ScoreMask& mask, int64_t b) {
  const int32_t start = mask.starts == nullptr ? 0 : static_cast<const int32_t*>(mask.starts)[b];
  return {start, static_cast<const int32_t*>(mask.data)[b]};
}

__device__ inline float mask_term(const AttentionCall& call, const ScoreMask& mask, const QueryPlace& at, int64_t j) {
  using enum ScoreMask::Form;
  if (mask.form == Bounds) {
    const KeyRange shown = shown_keys(mask, at.b);
    return j >= shown.begin && j < shown.end ? 0.0f : mask.term;
  }
  const int64_t element = at.b * mask.batch + at.h * mask.head + at.i * mask.row + j * mask.key;
  if (mask.form == Shown) return static_cast<const bool*>(mask.data)[element] ? 0.0f : -INFINITY;
  if (mask.form == Flags) return static_cast<const int32_t*>(mask.data)[element] > 0 ? 0.0f : mask.term;
  return load_float(mask.data, call.number, element);
}

/// Whether query i may see key j of its sequence, masks aside.
__device__ inline bool is_visible(const AttentionCall& call, const SequenceKeys& sequence, int64_t i, int64_t j) {
  const int64_t position = i + sequence.offset;
  return j < sequence.keys && !(call.causal && j > position) && !(call.window > 0 && j <= position - call.window);
}

/// The score of query `at` and key j; -infinity where that is hidden.
__device__ inline float score_of(const AttentionCall& call, const SequenceKeys& sequence, const QueryPlace& at,
                                 int64_t j, float product) {
  if (!is_visible(call, sequence, at.i, j)) return -INFINITY;
  float s = call.scale * product;
  if (call.softcap != 0) s = call.softcap * tanh(s / call.softcap);
#pragma unroll
  for (const ScoreMask& mask : call.masks) {
    if (mask.data != nullptr) s += mask_term(call, mask, at, j);
  }
  return s;
}

/// Maximum of scores and sum of the weights exp(score - highest) so far. A NaN stays.
struct Softmax {
  float highest = -INFINITY, sum = 0;
};

__device__ inline float larger(float a, float b) {
  return b > a || b != b ? b : a;
}

/// exp(score - highest), of a score that is not above `highest`: 0 for hidden keys, be there others or not. With
/// `factor`, of scores that are yet to be multiplied with factor / log2(e). The difference is what is multiplied,
/// because masks may hold the lowest number that there is.
__device__ inline float weight_of(float score, float highest, float factor = kLog2E) {
  return exp2f((score - (highest == -INFINITY ? 0.0f : highest)) * factor);
}

/// What weighed sums of values are to be multiplied with in the end, the sink's part taken into account.
__device__ inline float final_factor(const AttentionCall& call, int64_t h, const Softmax& state) {
  float sum = state.sum, kept = 1;
  if (call.sinks != nullptr || call.zero_sinks) {
    const float sink = call.sinks == nullptr ? 0.0f : load_float(call.sinks, call.number, h);
    const float highest = larger(state.highest, sink);
    kept = weight_of(state.highest, highest);
    sum = sum * kept + weight_of(sink, highest);
  }
  return sum == 0 ? 0.0f : kept / sum;
}

}  // namespace mica::cuda
