// Reductions over any axes of a tensor.
#pragma once

#include <array>
#include <cstdint>

#include "backends/cpu/thread_pool.h"
#include "kernels/reduce/reduce_function.h"
#include "runtime/base/function_ref.h"
#include "runtime/base/tensor.h"

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
inline constexpr int64_t kReducedOutputs = 64;

/// In parallel, for outputs o to o + count: rows(o, count), where the elements of each are contiguous runs, or, where
/// neighbours belong to different outputs, columns(o, count, first), with the place of the first element of output o.
void for_each_reduction(ThreadPool& threads, const ReductionAxes& axes,
                        FunctionRef<void(int64_t o, int64_t count)> rows,
                        FunctionRef<void(int64_t o, int64_t count, int64_t first)> columns);

/// y = `function` of the elements of x along `axes`. Integers wrap around as in NumPy; narrow floats are computed in
/// float. Throws for types that the function is not defined for.
void reduce(ThreadPool& threads, const ReductionAxes& axes, ReduceFunction function, const Tensor& x, Tensor& y);

}  // namespace mica
