// Walking an output together with the operands that broadcast into it, as numpy broadcasts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/base/function_ref.h"
#include "runtime/base/tensor.h"

namespace mica {

class ThreadPool;  // backends/cpu/thread_pool.h

/// Elements of a cheap function that are worth another thread.
inline constexpr int64_t kElementwiseGrain = 1 << 15;

/// Elements in memory, dense and row-major.
struct BroadcastOperand {
  const void* data;
  const Shape* shape;
  size_t width;  ///< bytes of an element

  BroadcastOperand(const void* d, const Shape& s, size_t w) : data(d), shape(&s), width(w) {}
  explicit BroadcastOperand(const Tensor& tensor);
};

/// The output in rows as long as they come: axes that all operands cross evenly are one, axes of one element are none.
/// Since operands are dense, each either walks on by one element along a row or stays at one element for all of it.
/// Allocates nothing.
class BroadcastWalk {
 public:
  static constexpr size_t kMaxOperands = 3;

  /// A row or a part of one.
  struct Row {
    std::array<const std::byte*, kMaxOperands> in;
    std::byte* out;
    int64_t count;
  };
  using Body = FunctionRef<void(const Row&)>;

  /// Throws when the operands do not broadcast to exactly the output's shape.
  BroadcastWalk(const BroadcastOperand& out, std::span<const BroadcastOperand> operands);

  /// Whether all elements of a row meet the same element of the operand.
  bool repeats(size_t operand) const { return axes_[0].steps[operand] == 0; }

  /// Calls the body for all rows, in order within each thread's share; no share is smaller than `grain` elements.
  void run(ThreadPool& threads, int64_t grain, Body body) const;

 private:
  struct Axis {
    int64_t extent;
    std::array<int64_t, kMaxOperands> steps;  ///< bytes
  };

  void add_axis(const Axis& axis);
  void walk(int64_t begin, int64_t end, Body body) const;

  size_t operands_;
  int64_t out_width_;
  size_t rank_ = 0;
  int64_t elements_ = 1;
  Row start_;
  std::array<Axis, Shape::kMaxRank> axes_;  ///< innermost first; at least one
};

}  // namespace mica
