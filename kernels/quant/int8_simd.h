// Vector loops of products of matrices of 8-bit integers. Left operands are kept as unsigned bytes, right ones as
// signed bytes: other operands are shifted by 128, and so are their zero points.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// Sums as bytes of uint8 or int8: y = saturate(round(sum * scale) + zero), round: ties to even.
struct ByteResult {
  uint8_t* data = nullptr;
  int64_t pitch = 0;              ///< bytes from one row to the next
  int64_t columns = 0;            ///< that are stored
  const float* scales = nullptr;  ///< one a column; readable to a whole panel
  int32_t zero = 0;
  bool is_signed = false;
};

/// C = A B + row_start + column_start - a_zero * b_sum - a_rest * b_zero, for some rows of A and one panel of B.
///
/// (A - a_zero) (B - b_zero) is A B - a_zero * b_sum - (a_sum - k * a_zero) * b_zero. Where all rows have one zero
/// point, the second term is one number for each column; where all columns have one, the third is one for each row.
struct Int8Tile {
  const void* a;  ///< packed rows, `a_pitch` bytes apart
  int64_t a_pitch;
  int64_t rows;                 ///< 1 to Int8Kernels::rows
  const int8_t* panel;          ///< a packed panel
  int64_t k;                    ///< elements of a row, or of each of its pieces; a multiple of Int8Kernels::depth
  const int32_t* row_start;     ///< one a row
  const int32_t* column_start;  ///< one a column of the panel
  const int32_t* a_zero;        ///< one a row, or null: without the term
  const int32_t* b_sum;         ///< one a column of the panel
  const int32_t* a_rest;        ///< one a row
  const int32_t* b_zero;        ///< one a column of the panel, or null: without the term
  int32_t* c;       ///< rows of Int8Kernels::columns sums; not written where y is, unless for the terms above
  int64_t c_pitch;  ///< elements from one row of c to the next
  /// Rows may come in pieces, which begin so many elements behind a and its like.
  const int64_t* piece_offsets = nullptr;
  int64_t pieces = 1;
  ByteResult y = {};  ///< rows of bytes instead of sums, where y.data is not null
};

struct Int8Kernels {
  int64_t depth;          ///< rows and panels are padded with zeros to a multiple of this many elements
  int64_t rows, columns;  ///< rows that one call takes at most; columns of a panel
  int64_t row_element;    ///< bytes of an element of a packed row

  /// Packs k elements that are `stride` apart, each exclusive-or `flip`, as a row. Returns their sum.
  int32_t (*pack_row)(const uint8_t* a, int64_t stride, int64_t k, uint8_t flip, void* row);
  /// Packs n columns of k elements, likewise, as a panel: element (i, j) is at b[i * row + j * column]. Columns from n
  /// on are zero. Writes the sum of each of the panel's columns.
  void (*pack_panel)(const uint8_t* b, int64_t row, int64_t column, int64_t k, int64_t n, uint8_t flip, int8_t* panel,
                     int32_t* sums);
  /// The sums of the columns of a packed panel.
  void (*sum_columns)(const int8_t* panel, int64_t k, int32_t* sums);
  void (*multiply)(const Int8Tile& tile);
};

const Int8Kernels& int8_kernels();
IsaTables<Int8Kernels> int8_kernels_all();

}  // namespace mica
