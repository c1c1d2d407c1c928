// Which scale and zero point each element of a quantised tensor has: the same for all (per tensor), for those at the
// same place of an axis (per axis), or for those in the same block of it (blocked).
#pragma once

#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"

namespace mica {

/// The tensor as runs of elements: element i of a run has the scale and zero point numbered first + i * step.
class Granularity {
 public:
  /// For a tensor x and its scale. `block` is 0 unless blocked. Throws when the scale's dims do not fit.
  Granularity(const Shape& x, const Shape& scale, int64_t axis, int64_t block);

  /// On all threads: body(begin, count, first, step) for runs of at most `kChunk` elements from element `begin` on.
  using Body = FunctionRef<void(int64_t begin, int64_t count, int64_t first, int64_t step)>;
  void for_each(ThreadPool& threads, Body body) const;

  static constexpr int64_t kChunk = 1024;

 private:
  int64_t outer_ = 1, runs_ = 1, length_ = 0;  ///< outer_ times runs_ runs of length_ elements
  int64_t pitch_ = 0;                          ///< elements of one outer step
  int64_t per_parameter_ = 1;                  ///< runs that share a parameter
  int64_t outer_first_ = 0, run_first_ = 0;    ///< parameters from one outer step, and one group of runs, to the next
  int64_t step_ = 0;
};

/// Checks what is known of the dims of the scale and of the zero point (inputs 1 and 2).
void check_granularity(const InferContext& ctx, int64_t axis, int64_t block);

}  // namespace mica
