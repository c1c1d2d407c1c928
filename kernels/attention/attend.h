// Attention of a block of queries over a piece of their keys.
#pragma once

#include "kernels/attention/block_products.h"
#include "kernels/attention/weigh_simd.h"

namespace mica {

/// A block, its piece of keys, and what becomes of it.
template <class T>
struct Piece {
  QueryBlock block;
  KeyRange keys;        ///< with which its products are computed
  WeighedRow<T>* rows;  ///< of each query, going on from what they are
  Rows<T> out;          ///< sums of the values, weighed by weights of these rows
};

/// The keys of a piece that its queries see. Of scores that are kept, these are all.
template <class T>
KeyRange keys_of(const Grouped<T>& group, const QueryBlocks& blocks, const QueryBlock& block, int64_t piece);

/// The workplace that `attend` needs; with `packs` for keys and values that are packed once for all blocks of a head.
template <class T>
WorkplaceSize attend_size(const Grouped<T>& group, const QueryBlocks& blocks, bool packs);

template <class T>
void attend(const Grouped<T>& group, const QueryBlocks& blocks, const Piece<T>& piece, Workplace<T>& place);

}  // namespace mica
