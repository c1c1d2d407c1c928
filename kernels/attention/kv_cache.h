// Keys and values of earlier runs, and those of this one behind them.
#pragma once

#include "kernels/attention/heads.h"

namespace mica {

/// Of one sequence: rows of `past`, which come first, and of those that are new.
struct CachedRows {
  int64_t past = 0, fresh = 0;
};

/// One of the two caches, keys or values: part `part` of tensors [..., batch, heads, rows, width]. They may be the same
/// memory, and may have a pitch.
struct KvCache {
  const Tensor* past = nullptr;  ///< null: none; `CachedRows::past` is 0 then
  Tensor* present = nullptr;     ///< null: nobody wants it; else it has room for all rows
  int64_t part = 0;
  bool keep_rest = false;  ///< rows of past behind those of `CachedRows` stay in present; else they become zero
};

/// For OpBuilder::appends: the axis of the rows in past and present.
template <int64_t axis, class Op>
int64_t row_axis(const Op&) {
  return axis;
}

/// Past and present where they are given and wanted.
KvCache kv_cache(const Operands& io, size_t past, size_t present);

/// Writes past and new rows to `present`, or the new ones only where that is the memory of `past`. Returns a view of
/// all rows of which rows[b] tells for each batch entry; `fresh` has dims.rows rows, all at most.
template <class T>
Heads<const T> append_rows(const Operands& io, const KvCache& cache, const Heads<const T>& fresh, const HeadDims& dims,
                           const CachedRows* rows);

}  // namespace mica
