// A tensor that a session keeps from run to run and lengthens in place, such as the key or value cache of a decoder.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/base/tensor.h"

namespace mica {

/// Rows along one axis, in memory with room for more. All that lies before the axis counts as blocks; each block has
/// `capacity` rows, of which the first `length` are in use, so that lengthening moves nothing. Room doubles when it is
/// used up.
class KeptState {
 public:
  /// An empty state of these dims, whatever the one of `axis`.
  KeptState(DType dtype, const Shape& shape, size_t axis);

  /// Takes over the elements of `value`, whose dims become the state's. It has the state's dtype and rank.
  void set(const Tensor& value);
  /// The rows in use, as a view with a pitch: see Tensor::pitch.
  const Datum& value() const { return value_; }
  size_t axis() const { return axis_; }

  /// Room for the value to become one of these dims. Throws InvalidArgument when they are not the value's, but for at
  /// least as many rows along the axis.
  void reserve(const Shape& next);
  /// Points `tensor`, which has the dims of the value or those reserved, at the state's memory.
  void bind(Tensor& tensor) const;
  /// The rows behind the ones in use, as far as these dims go, have been written.
  void extend(const Shape& next) { value_.tensor.set_shape(next); }

  /// A copy without gaps.
  Tensor dense() const;

 private:
  int64_t row_elements() const;
  void move_to(int64_t capacity);

  size_t axis_;
  int64_t capacity_ = 0;  ///< rows of a block
  std::shared_ptr<std::byte> memory_;
  Datum value_;
};

}  // namespace mica
