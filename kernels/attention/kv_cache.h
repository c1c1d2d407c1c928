// Keys and values of earlier runs, and those of this one behind them.
#pragma once

#include "kernels/attention/heads.h"

namespace mica {

/// Of one sequence: rows of `past`, which come first, and of those that are new.
struct CachedRows {
  int64_t past = 0, fresh = 0;
};

/// One of the two caches, keys or values. Both tensors may be the same memory, and then have the same layout.
struct KvCache {
  const Tensor* past = nullptr;  ///< null: none; `CachedRows::past` is 0 then
  HeadLayout past_layout;
  Tensor* present = nullptr;  ///< null: nobody wants it
  HeadLayout present_layout;
  int64_t capacity = 0;  ///< rows that `present` has for each head
};

/// Writes past and new rows to `present`, and zeros behind them, unless present is the memory of past. Returns a view
/// of all rows of which rows[b] tells for each batch entry; `fresh` has dims.rows rows, all at most.
template <class T>
Heads<const T> append_rows(const Operands& io, const KvCache& cache, const Heads<const T>& fresh, const HeadDims& dims,
                           const CachedRows* rows);

}  // namespace mica
