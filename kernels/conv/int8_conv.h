// Convolution of 8-bit integers with zero points, in int32: for each image and group a product of the weights,
// [filters, channels * taps], and the windows, [channels * taps, positions], which are gathered a few positions at a
// time.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/int8_depthwise.h"
#include "kernels/quant/int8_gemm.h"

namespace mica {

/// Weights [M, C / group, kernel...] as rows of the left side.
struct PackedFilters {
  RowLayout layout;
  int64_t count;
  std::shared_ptr<const PackedBytes> memory;  ///< the rows, then the sum of each

  static size_t sums_begin(const RowLayout& layout, int64_t count) {
    return static_cast<size_t>(count * layout.pitch + 63) / 64 * 64;
  }
  const std::byte* rows() const { return memory->data<std::byte>(); }
  const int32_t* sums() const {
    return reinterpret_cast<const int32_t*>(memory->data<std::byte>() + sums_begin(layout, count));
  }
};

/// Packs constant weights ahead; null for a null tensor. For OpBuilder::prepack.
std::shared_ptr<const PackedFilters> pack_filters(const Tensor* w);

class Int8Conv {
 public:
  /// `packed` may be null.
  Int8Conv(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands, const PackedFilters* packed);

  /// Calls store(image, filter, position, count, sums) for all outputs, on all threads, in pieces of at most
  /// Int8Piece::kWidth.
  template <class Store>
  void run(ThreadPool& threads, Store&& store) const;

 private:
  /// What one thread gathers windows in.
  struct Buffers {
    uint8_t* windows;   ///< [channels * taps, width_]
    std::byte* panels;  ///< the same, packed
    int32_t* column_start;
  };

  Buffers buffers(int64_t worker) const;
  void load(int64_t task, const Buffers& to) const;
  void gather(const uint8_t* image, int64_t position, int64_t count, uint8_t* windows) const;
  Int8Piece multiply(int64_t task, int64_t block, const Buffers& from, Int8Piece::Sums& sums) const;

  const ConvGeometry& g_;
  const uint8_t* x_;
  bool x_signed_;
  uint8_t padding_;  ///< the zero point of x, as it is stored
  RowLayout row_layout_;
  int64_t width_, chunks_, tasks_, workers_;  ///< positions of a chunk, chunks of an image
  PanelLayout panels_;                        ///< of a chunk
  const std::byte* filters_;
  ZeroPoints w_zeros_;
  const int32_t* row_start_;
  uint8_t* windows_;
  std::byte* packed_;
  int32_t* column_start_;
};

template <class Store>
void Int8Conv::run(ThreadPool& threads, Store&& store) const {
  const int64_t filters = g_.groups * g_.filters;
  const int64_t blocks = (g_.filters + int8_kernels().rows - 1) / int8_kernels().rows;
  threads.parallel_for(workers_, 1, [&](int64_t begin, int64_t end) {
    Int8Piece::Sums sums;
    for (int64_t worker = begin; worker < end; ++worker) {
      const Buffers own = buffers(worker);
      for (int64_t task = tasks_ * worker / workers_; task < tasks_ * (worker + 1) / workers_; ++task) {
        load(task, own);
        for (int64_t block = 0; block < blocks; ++block) {
          const Int8Piece piece = multiply(task, block, own, sums);
          const int64_t first = task / chunks_ * g_.filters + piece.row;  // counted over images and groups
          for (int64_t r = 0; r < piece.rows; ++r) {
            store((first + r) / filters, (first + r) % filters, piece.column, piece.columns,
                  sums + r * Int8Piece::kWidth);
          }
        }
      }
    }
  });
}

/// The convolution, whichever way is best: see Int8Conv and its `run`.
template <class Store>
void convolve_int8(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands,
                   const PackedFilters* packed, Store&& store) {
  if (Int8Depthwise::takes(g)) return Int8Depthwise(io, g, operands).run(io.threads(), store);
  Int8Conv(io, g, operands, packed).run(io.threads(), store);
}

}  // namespace mica
