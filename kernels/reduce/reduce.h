// Reductions over any axes of a tensor: the loops, for any function that takes elements one by one.
#pragma once

#include "backends/cpu/thread_pool.h"
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
  int64_t reduced_elements() const { return product(reduced, reduced_count); }

  static int64_t product(const std::array<Group, Shape::kMaxRank>& groups, size_t count) {
    int64_t result = 1;
    for (size_t i = 0; i < count; ++i) result *= groups[i].size;
    return result;
  }
  /// Where the `index`-th combination of the first `count` groups begins.
  static int64_t offset(const std::array<Group, Shape::kMaxRank>& groups, size_t count, int64_t index) {
    int64_t at = 0;
    for (size_t i = count; i-- > 0;) {
      at += index % groups[i].size * groups[i].stride;
      index /= groups[i].size;
    }
    return at;
  }
};

/// Axis i is reduced when bit i of `reduced` is set.
ReductionAxes reduction_axes(const Shape& shape, uint32_t reduced);

/// A function R of a set of elements has a State that begins as R::State{}, takes elements by R::add(state, x), joins
/// that of another part of the set by R::merge(state, other), and ends as R::finish(state, number of elements).
template <class R, class In, class Out>
void reduce(ThreadPool& threads, const ReductionAxes& axes, const In* x, Out* y) {
  const int64_t count = axes.reduced_elements();
  if (axes.inner_reduced) {
    constexpr int64_t kLanes = 16;
    const int64_t width = axes.reduced[axes.reduced_count - 1].size;
    const int64_t runs = width == 0 ? 0 : count / width;
    threads.parallel_for(axes.outputs(), std::max<int64_t>(1, 4096 / std::max<int64_t>(1, count)),
                         [&](int64_t begin, int64_t end) {
                           for (int64_t o = begin; o < end; ++o) {
                             typename R::State lanes[kLanes]{};
                             const In* base = x + ReductionAxes::offset(axes.kept, axes.kept_count, o);
                             for (int64_t run = 0; run < runs; ++run) {
                               const In* from = base + ReductionAxes::offset(axes.reduced, axes.reduced_count - 1, run);
                               int64_t i = 0;
                               for (; i + kLanes <= width; i += kLanes) {
                                 for (int64_t l = 0; l < kLanes; ++l) R::add(lanes[l], from[i + l]);
                               }
                               for (int64_t l = 0; i < width; ++i, ++l) R::add(lanes[l], from[i]);
                             }
                             for (int64_t l = 1; l < kLanes; ++l) R::merge(lanes[0], lanes[l]);
                             y[o] = R::finish(lanes[0], count);
                           }
                         });
    return;
  }
  constexpr int64_t kBlock = 64;
  const int64_t width = axes.kept[axes.kept_count - 1].size;
  if (width == 0) return;
  const int64_t blocks = (width + kBlock - 1) / kBlock;
  threads.parallel_for(axes.outputs() / width * blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t row = block / blocks, first = block % blocks * kBlock;
      const int64_t columns = std::min(kBlock, width - first);
      const In* base = x + ReductionAxes::offset(axes.kept, axes.kept_count - 1, row) + first;
      typename R::State states[kBlock]{};
      for (int64_t i = 0; i < count; ++i) {
        const In* from = base + ReductionAxes::offset(axes.reduced, axes.reduced_count, i);
        for (int64_t j = 0; j < columns; ++j) R::add(states[j], from[j]);
      }
      for (int64_t j = 0; j < columns; ++j) y[row * width + first + j] = R::finish(states[j], count);
    }
  });
}

}  // namespace mica
