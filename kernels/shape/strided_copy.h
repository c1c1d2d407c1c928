// Copies between two arrays that are walked with strides: the one loop behind Transpose, Slice, Split, Expand, Tile,
// constant Pad, DepthToSpace and their like.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "graph/infer_context.h"
#include "kernels/operands.h"
#include "runtime/base/function_ref.h"

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

  /// Copies elements that are stored as `visit_storage` has those of `dtype`.
  void run(ThreadPool& threads, DType dtype, const void* from, void* to) const;
  /// The same for tensors.
  void run(const Operands& io, const Tensor& from, Tensor& to) const;
  /// Calls copy(from, to) with the places of each element.
  void for_each(FunctionRef<void(int64_t from, int64_t to)> copy) const;

 private:
  int64_t from_start_, to_start_;
  int64_t elements_ = 1;
  std::array<Axis, 2 * Shape::kMaxRank> axes_;
  size_t rank_ = 0;
};

/// States the contents of output 0 as the copy of the contents of `input`, where these are known.
void copy_contents(InferContext& ctx, size_t input, const StridedCopy& copy, size_t output = 0);

}  // namespace mica
