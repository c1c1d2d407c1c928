// Rotary position embedding (Su et al., "RoFormer", 2021) of heads: each pair of elements (a, b) of a row becomes
// (a cos - b sin, a sin + b cos), with an angle for each pair and position.
#pragma once

#include "kernels/attention/heads.h"

namespace mica {

/// The first `width` elements of each row are rotated, the others copied.
template <class T>
struct Rotation {
  int64_t width = 0;         ///< even
  bool interleaved = false;  ///< pairs are (0, 1), (2, 3) ..., else (0, width / 2), (1, width / 2 + 1) ...
  const T* cos = nullptr;    ///< rows of width / 2 elements
  const T* sin = nullptr;
  const int64_t* positions = nullptr;  ///< row of the tables for each [batch, row]
};

/// to may be from.
template <class T>
void rotate_heads(ThreadPool& threads, const Rotation<T>& rotation, const Heads<const T>& from, const Heads<T>& to,
                  const HeadDims& dims);

/// The rotated rows, in scratch.
template <class T>
Heads<const T> rotated_heads(const Operands& io, const Rotation<T>& rotation, const Heads<const T>& from,
                             const HeadDims& dims);

/// Throws unless `position` is a row of a table that has `rows`.
int64_t checked_position(int64_t position, int64_t rows);

}  // namespace mica
