// Products of matrices of 8-bit integers with zero points, in int32:  C = (A - a_zero) (B - b_zero)
#pragma once

#include <algorithm>
#include <memory>

#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/packing.h"
#include "kernels/quant/int8_simd.h"

namespace mica {

/// A stack of matrices of uint8 or int8; element (i, j) of matrix m is at data[m * pitch + i * row + j * column].
struct ByteMatrices {
  const uint8_t* data;
  int64_t row, column;
  int64_t count, pitch;
  bool is_signed;
};

/// What to exclusive-or an element with, and add to a zero point, to make it what the left or the right side wants.
constexpr uint8_t left_flip(bool is_signed) {
  return is_signed ? 0x80 : 0;
}
constexpr uint8_t right_flip(bool is_signed) {
  return is_signed ? 0 : 0x80;
}
constexpr int32_t left_shift(bool is_signed) {
  return is_signed ? 128 : 0;
}
constexpr int32_t right_shift(bool is_signed) {
  return is_signed ? 0 : -128;
}

/// Layout of left operands, as rows.
struct RowLayout {
  int64_t k, padded_k, pitch;  ///< pitch: bytes of a row
  explicit RowLayout(int64_t k);
};

/// Layout of right operands: per matrix panels, then the sums of their columns.
struct PanelLayout {
  int64_t k, n, padded_k, panels, padded_n;
  int64_t panel_bytes, bytes;  ///< bytes: of a matrix; a multiple of 64
  PanelLayout(int64_t k, int64_t n);

  const int8_t* panel(const std::byte* matrix, int64_t i) const {
    return reinterpret_cast<const int8_t*>(matrix + i * panel_bytes);
  }
  const int32_t* sums(const std::byte* matrix) const {
    return reinterpret_cast<const int32_t*>(matrix + panels * panel_bytes);
  }
};

/// The shifted zero points of a side, one for each row or column of all matrices.
struct ZeroPoints {
  const int32_t* all;
  bool uniform;  ///< all are `value`
  int32_t value;
};

/// In scratch: for each of `count` matrices `width` zero points, padded to `padded`, taken from `zero` in order and
/// again from its start. Of a null `zero` all are 0. Throws unless it has 1, `period` or count * width elements.
ZeroPoints repeat_zeros(const Operands& io, const Tensor* zero, int64_t period, int64_t count, int64_t width,
                        int64_t padded, int32_t shift);

/// Rows packed for the left side.
struct PackedRows {
  const std::byte* data;
  const int32_t* rests;  ///< sum of the row - k * zero
};

/// Packs `rows` rows of k elements of every matrix, one after the other, into scratch. Element r of `zeros` is the zero
/// point of row r.
PackedRows pack_left(const Operands& io, const ByteMatrices& a, int64_t rows, const RowLayout& layout,
                     const ZeroPoints& zeros);

/// start[i] = -zero * sums[i], what the zero point of the other side adds to each row or column; 0 where it has
/// several.
void zero_products(const int32_t* sums, int64_t count, const ZeroPoints& other, int32_t* start);

/// Packs every matrix, of k rows and n columns, to `to`, of count * layout.bytes bytes.
/// `threads` may be null.
void pack_right(ThreadPool* threads, const ByteMatrices& b, const PanelLayout& layout, std::byte* to);
/// Panels [begin, end) of these, counted over all matrices.
void pack_right_panels(const ByteMatrices& b, const PanelLayout& layout, int64_t begin, int64_t end, std::byte* to);

/// Right operands packed ahead.
struct PackedRight {
  PanelLayout layout;
  std::shared_ptr<const PackedBytes> memory;
};

/// One product: rows [0, m) of packed rows and one packed matrix, with what is one a row, and one for each of the
/// padded columns.
struct Int8Product {
  const std::byte* a;
  const std::byte* b;
  const int32_t* row_start;
  const int32_t* column_start;
  const int32_t* a_zero;  ///< or null: as Int8Tile's
  const int32_t* a_rest;
  const int32_t* b_zero;  ///< or null
};

/// A few rows and up to kWidth columns of a product: row r of them begins at sums[r * kWidth].
struct Int8Piece {
  static constexpr int64_t kMostRows = 12;
  static constexpr int64_t kWidth = 256;  ///< columns of B that stay in the cache while rows go by
  using Sums = int32_t[kMostRows * kWidth];

  int64_t row, rows, column, columns;
};

/// Multiplies rows from `row` on, of m, by panels [first, last).
Int8Piece multiply_piece(const Int8Product& product, const RowLayout& rows, const PanelLayout& panels, int64_t m,
                         int64_t row, int64_t first, int64_t last, Int8Piece::Sums& sums);

/// How the products of several pairs of matrices are cut into tasks, a piece each.
struct Int8Tasks {
  int64_t m, panels;
  int64_t blocks, group, groups;  ///< blocks of rows; panels of a piece; groups of so many panels
  int64_t count, grain;

  Int8Tasks(int threads, int64_t products, int64_t m, const PanelLayout& panels);

  int64_t product(int64_t task) const { return task / blocks / groups; }
  Int8Piece run(int64_t task, const Int8Product& product, const RowLayout& rows, const PanelLayout& panels,
                Int8Piece::Sums& sums) const;
};

/// Computes `products` products of m rows, of which product(i) gives the operands, on all threads, and calls
/// store(i, row, column, count, sums) for pieces of rows of at most Int8Piece::kWidth sums.
template <class Product, class Store>
void multiply_int8(ThreadPool& threads, int64_t products, int64_t m, const RowLayout& rows, const PanelLayout& panels,
                   Product&& product, Store&& store) {
  const Int8Tasks tasks(threads.threads(), products, m, panels);
  threads.parallel_for(tasks.count, tasks.grain, [&](int64_t begin, int64_t end) {
    Int8Piece::Sums sums;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t index = tasks.product(task);
      const Int8Piece piece = tasks.run(task, product(index), rows, panels, sums);
      for (int64_t r = 0; r < piece.rows; ++r) {
        store(index, piece.row + r, piece.column, piece.columns, sums + r * Int8Piece::kWidth);
      }
    }
  });
}

}  // namespace mica
