// Reductions over any axes of a tensor: the loops, for any function that takes elements one by one, or by vector loops.
#pragma once

#include <algorithm>
#include <array>

#include "backends/cpu/thread_pool.h"
#include "kernels/reduce/reduce_simd.h"
#include "kernels/simd/storage.h"
#include "runtime/base/function_ref.h"
#include "runtime/base/shape.h"

namespace mica {

/// A tensor's axes with neighbours of the same kind joined: kept and reduced ones alternate.
struct ReductionAxes {
  struct Group {
    int64_t size = 1;
    int64_t stride = 1;
  };
  std::array<Group, Shape::kMaxRank> kept{}, reduced{};  ///< outermost first
  size_t kept_count = 0, reduced_count = 0;
  bool inner_reduced = false;  ///< whether the innermost group is a reduced one

  int64_t outputs() const { return product(kept, kept_count); }
  /// The innermost reduced group: runs of elements `stride` apart.
  Group run() const { return reduced_count == 0 ? Group{} : reduced[reduced_count - 1]; }
  /// Calls f(offset) for where each run begins.
  template <class F>
  void for_each_run(F f) const {
    const size_t outer = reduced_count == 0 ? 0 : reduced_count - 1;
    const int64_t runs = product(reduced, outer);
    for (int64_t i = 0; i < runs; ++i) f(offset(reduced, outer, i));
  }
  int64_t reduced_elements() const { return product(reduced, reduced_count); }

  static int64_t product(const std::array<Group, Shape::kMaxRank>& groups, size_t count);
  /// Where the `index`-th combination of the first `count` groups begins.
  static int64_t offset(const std::array<Group, Shape::kMaxRank>& groups, size_t count, int64_t index);
};

/// Axis i is reduced when bit i of `reduced` is set.
ReductionAxes reduction_axes(const Shape& shape, uint32_t reduced);

/// Most outputs that `for_each_reduction` hands out together.
inline constexpr int64_t kReducedColumns = 64;

/// In parallel, for each output o whose elements are contiguous runs: row(o, first), with the place of its first
/// element. Where neighbours belong to different outputs: columns(o, count, first), for `count` outputs from o on.
void for_each_reduction(ThreadPool& threads, const ReductionAxes& axes, FunctionRef<void(int64_t o, int64_t first)> row,
                        FunctionRef<void(int64_t o, int64_t count, int64_t first)> columns);

/// A function R of a set of elements has a State that begins as R::State{}, takes elements by R::add(state, x), joins
/// that of another part of the set by R::merge(state, other), and ends as R::finish(state, number of elements).
template <class R, class In, class Out>
void reduce(ThreadPool& threads, const ReductionAxes& axes, const In* x, Out* y) {
  const int64_t count = axes.reduced_elements();
  const auto [size, stride] = axes.run();
  const auto row = [&, size = size](int64_t o, int64_t first) {
    constexpr int64_t kLanes = 16;
    typename R::State lanes[kLanes]{};
    axes.for_each_run([&](int64_t offset) {
      const In* from = x + first + offset;
      int64_t i = 0;
      for (; i + kLanes <= size; i += kLanes) {
        for (int64_t l = 0; l < kLanes; ++l) R::add(lanes[l], from[i + l]);
      }
      for (int64_t l = 0; i < size; ++i, ++l) R::add(lanes[l], from[i]);
    });
    for (int64_t l = 1; l < kLanes; ++l) R::merge(lanes[0], lanes[l]);
    y[o] = R::finish(lanes[0], count);
  };
  const auto columns = [&, size = size, stride = stride](int64_t o, int64_t width, int64_t first) {
    typename R::State states[kReducedColumns]{};
    axes.for_each_run([&](int64_t offset) {
      for (int64_t i = 0; i < size; ++i) {
        const In* from = x + first + offset + i * stride;
        for (int64_t j = 0; j < width; ++j) R::add(states[j], from[j]);
      }
    });
    for (int64_t j = 0; j < width; ++j) y[o + j] = R::finish(states[j], count);
  };
  for_each_reduction(threads, axes, row, columns);
}

/// The same by vector loops, for T float or narrower.
template <class R, class T>
void reduce(ThreadPool& threads, const ReductionAxes& axes, const ReduceLoop<Stored<T>>& loop, const T* x, T* y) {
  const int64_t count = axes.reduced_elements();
  const auto [size, stride] = axes.run();
  const auto row = [&, size = size](int64_t o, int64_t first) {
    double state = loop.start;
    axes.for_each_run([&](int64_t offset) { state = loop.row(stored(x + first + offset), size, state); });
    y[o] = R::finish({static_cast<float>(state)}, count);
  };
  const auto columns = [&, size = size, stride = stride](int64_t o, int64_t width, int64_t first) {
    float states[kReducedColumns];
    std::fill_n(states, width, static_cast<float>(loop.start));
    axes.for_each_run([&](int64_t offset) { loop.columns(stored(x + first + offset), size, stride, states, width); });
    for (int64_t j = 0; j < width; ++j) y[o + j] = R::finish({states[j]}, count);
  };
  for_each_reduction(threads, axes, row, columns);
}

}  // namespace mica
