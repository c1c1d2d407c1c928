// An operand that broadcasts into an output, read block by block as the output's elements follow one another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/base/tensor.h"

namespace mica {

/// Dense elements of 1, 2, 4 or 8 bytes. Allocates nothing.
class BlockOperand {
 public:
  /// Elements side by side, or one that stands for all.
  struct Block {
    const void* data;
    bool repeated;
  };
  /// What a thread has copied into a buffer of its own, for the next block to find. Starts with none.
  struct Copied {
    int64_t phase = 0, count = -1;
  };

  /// Throws when the tensor does not broadcast to these dims. Neither has a dim of 0.
  BlockOperand(const Tensor& tensor, const Shape& out);

  /// Neither the same element for all of the output, nor the output's elements in their order.
  bool is_spread() const { return rank_ > 0; }
  /// Of a spread operand: elements of the output that meet neighbouring elements, or the same one.
  int64_t run() const { return axes_[0].extent; }
  /// After how many elements of the output those of a spread operand come again.
  int64_t period() const { return period_; }

  /// What meets elements `first` to `first + count` of the output: in place where it can be, else copied into
  /// `buffer`. Where `copied` says that the buffer has it already, it is left as it is.
  Block read(int64_t first, int64_t count, void* buffer, Copied& copied) const;

 private:
  struct Axis {
    int64_t extent;
    int64_t step;  ///< bytes
  };

  bool spread(const Shape& from, const Shape& out);
  template <class T>
  void copy(std::array<int64_t, Shape::kMaxRank>& at, const std::byte* from, int64_t count, T* to) const;

  const std::byte* data_;
  int64_t width_;
  bool repeated_ = false;
  size_t rank_ = 0;
  int64_t period_ = 1;
  std::array<Axis, Shape::kMaxRank> axes_;  ///< innermost first; set for spread operands
};

}  // namespace mica
