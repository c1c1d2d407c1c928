// Copies between two arrays that are walked with strides: the one loop behind Transpose, Slice, Split, Expand, Tile,
// constant Pad, DepthToSpace and their like.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "graph/infer_context.h"
#include "kernels/operands.h"

namespace mica {

/// to[to_start + sum i_k * to_k] = from[from_start + sum i_k * from_k]  for all indices i_k < extent_k.
class StridedCopy {
 public:
  struct Axis {
    int64_t extent, from, to;
  };

  explicit StridedCopy(int64_t from_start = 0, int64_t to_start = 0) : from_start_(from_start), to_start_(to_start) {}

  /// Adds an axis inside those added so far; joins it with the last one where both walk on evenly.
  void add(int64_t extent, int64_t from, int64_t to);

  int64_t elements() const { return elements_; }
  int64_t from_start() const { return from_start_; }
  int64_t to_start() const { return to_start_; }
  std::span<const Axis> axes() const { return {axes_.data(), rank_}; }  ///< outermost first

  /// Copies elements of type T, alone on this thread.
  template <class T>
  void run(const T* from, T* to) const {
    const Loops loops = plan();
    run_tasks(loops, from, to, 0, loops.tasks);
  }

  /// The same for tensors of any dtype, on all threads.
  void run(const Operands& io, const Tensor& from, Tensor& to) const;
  template <class T>
  void run(ThreadPool& threads, const T* from, T* to) const;

 private:
  static constexpr int64_t kTile = 32;        ///< side of the squares in which a transposition goes
  static constexpr int64_t kChunk = 1 << 14;  ///< elements of a row handled at a time

  /// Tasks are numbered over the outer axes and, innermost, over pieces of the axis that is cut.
  struct Loops {
    std::array<Axis, 2 * Shape::kMaxRank + 1> outer;
    size_t outer_rank = 0;
    Axis inner{1, 1, 1};  ///< the innermost of the target
    Axis tile{1, 0, 0};   ///< the innermost of the source, where that is another
    bool tiled = false;
    /// Whether a task transposes rows of adjacent elements into such.
    bool is_matrix() const { return tiled && inner.to == 1 && tile.from == 1; }
    int64_t piece = 1;  ///< how much of the cut axis (tile when tiled, else inner) one task takes
    int64_t pieces = 1;
    int64_t tasks = 0;

    void cut(int64_t length);  ///< in pieces of this length
  };

  Loops plan() const;

  template <class T>
  void run_tasks(const Loops& loops, const T* from, T* to, int64_t begin, int64_t end) const {
    run_tasks(loops, from, to, begin, end, transpose<T>);
  }

  /// `transpose_part` is called as `transpose` is.
  template <class T, class TransposePart>
  void run_tasks(const Loops& loops, const T* from, T* to, int64_t begin, int64_t end,
                 TransposePart&& transpose_part) const {
    for (int64_t task = begin; task < end; ++task) {
      int64_t rest = task / loops.pieces;
      const int64_t first = task % loops.pieces * loops.piece;
      int64_t source = from_start_;
      int64_t target = to_start_;
      for (size_t k = loops.outer_rank; k-- > 0;) {
        const Axis& axis = loops.outer[k];
        const int64_t i = rest % axis.extent;
        rest /= axis.extent;
        source += i * axis.from;
        target += i * axis.to;
      }
      const Axis& cut = loops.tiled ? loops.tile : loops.inner;
      const int64_t count = std::min(loops.piece, cut.extent - first);
      source += first * cut.from;
      target += first * cut.to;
      if (loops.tiled) {
        transpose_part(from + source, to + target, loops.inner, Axis{count, cut.from, cut.to});
      } else {
        copy_row(from + source, to + target, {count, cut.from, cut.to});
      }
    }
  }

  template <class T>
  static void copy_row(const T* from, T* to, const Axis& row) {
    if (row.from == 1 && row.to == 1) {
      std::copy_n(from, row.extent, to);
    } else if (row.from == 0 && row.to == 1) {
      std::fill_n(to, row.extent, *from);
    } else {
      for (int64_t i = 0; i < row.extent; ++i) to[i * row.to] = from[i * row.from];
    }
  }

  /// Where the innermost axis has N places, as that of the channels of an image.
  template <int64_t N, class T>
  static void interleave(const T* from, T* to, const Axis& inner, const Axis& tile) {
    for (int64_t j = 0; j < tile.extent; ++j) {
      for (int64_t i = 0; i < N; ++i) to[j * tile.to + i] = from[j + i * inner.from];
    }
  }

  template <class T>
  static void transpose(const T* from, T* to, const Axis& inner, const Axis& tile) {
    if (inner.to == 1 && tile.from == 1) {
      if (inner.extent == 2) return interleave<2>(from, to, inner, tile);
      if (inner.extent == 3) return interleave<3>(from, to, inner, tile);
      if (inner.extent == 4) return interleave<4>(from, to, inner, tile);
    }
    for (int64_t begin = 0; begin < inner.extent; begin += kTile) {
      const int64_t end = std::min(begin + kTile, inner.extent);
      for (int64_t j = 0; j < tile.extent; ++j) {
        const T* source = from + j * tile.from;
        T* target = to + j * tile.to;
        for (int64_t i = begin; i < end; ++i) target[i * inner.to] = source[i * inner.from];
      }
    }
  }

  int64_t from_start_, to_start_;
  int64_t elements_ = 1;
  std::array<Axis, 2 * Shape::kMaxRank> axes_;
  size_t rank_ = 0;
};

/// States the contents of output 0 as the copy of the contents of `input`, where these are known.
void copy_contents(InferContext& ctx, size_t input, const StridedCopy& copy, size_t output = 0);

}  // namespace mica
