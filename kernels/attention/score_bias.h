// Masks and biases given as tensors, as terms of the scores.
#pragma once

#include "kernels/attention/attention.h"

namespace mica {

/// How a bias whose last axis is shorter than the keys is to be read.
enum class ShortMask {
  Broadcast,  ///< it must have length 1, for all keys
  Hide        ///< it hides the keys that it lacks
};

/// Number of keys that a mask of this shape speaks of: all but those that `Hide` hides.
int64_t masked_keys(const Shape& mask, int64_t keys, ShortMask short_mask);

/// Steps of such a mask along batch, heads, rows and keys. Throws when it does not fit.
std::array<int64_t, 4> mask_steps(const Tensor& mask, const Shape& scores, ShortMask short_mask);

/// A tensor that broadcasts to [batch, heads, rows, keys]: true or false for shown and hidden, or numbers to add.
template <class T>
ScoreBias<T> score_bias(const Operands& io, const Tensor& mask, const Shape& scores, ShortMask short_mask);

/// The com.microsoft forms of an int32 mask of keys: 1 for shown and 0 for hidden in [batch, keys], [batch, rows, keys]
/// or [batch, 1, longest, longest]; the number of keys in [batch] and [3 * batch + 2], of which the first `batch`
/// elements count; the end and then the start of the keys in [2 * batch].
struct KeyMask {
  bool ends = false;                      ///< elements are ends of the keys
  bool starts = false;                    ///< and then their starts
  int64_t first = 0, batch = 0, row = 0;  ///< else an element for each key: the first, and steps of the others
};
/// Of a mask for these scores. `past` is the number of keys before the first query. Throws when it does not fit.
KeyMask key_mask(const Tensor& mask, const Shape& scores, int64_t past);

/// Such a mask as terms: a hidden key gets `hidden`.
template <class T>
ScoreBias<T> key_mask_bias(const Operands& io, const Tensor& mask, const Shape& scores, int64_t past, float hidden);

}  // namespace mica
