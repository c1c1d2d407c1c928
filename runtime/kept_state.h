// A tensor that a session keeps from run to run, such as the key or value cache of a decoder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/base/tensor.h"

namespace mica {

class DeviceRun;
struct BlockCopy;

/// With an axis it is lengthened in place: all that lies before the axis counts as blocks; each block has `capacity`
/// rows, of which the first `length` are in use, so that lengthening moves nothing. Room doubles when it is used up.
/// Without an axis a run replaces it as a whole, and two blocks of memory alternate. Memory is the host's, or a
/// device's.
class KeptState {
 public:
  /// An empty state of these dims, whatever the one of `axis`. `device`: null for the host's memory.
  KeptState(DType dtype, const Shape& shape, std::optional<size_t> axis, DeviceRun* device);

  /// Takes over the elements of `value`, whose dims become the state's. It has the state's dtype and rank, and lies in
  /// the host's memory.
  void set(const Tensor& value);
  /// As it is before a run: see Tensor::pitch.
  const Datum& value() const { return value_; }
  std::optional<size_t> axis() const { return axis_; }

  /// Room for a run to make a value of these dims. With an axis, throws InvalidArgument when they are not the value's,
  /// but for at least as many rows along the axis.
  void reserve(const Shape& next);
  /// Points a tensor of the value's dims, or of those reserved, at the state before and behind the run.
  void bind_value(Tensor& tensor) const { bind(tensor, memory_.get()); }
  void bind_next(Tensor& tensor) const { bind(tensor, axis_ ? memory_.get() : other_.get()); }
  /// The run has written what was reserved.
  void advance(const Shape& next);

  /// A copy without gaps, in the host's memory.
  Tensor dense() const;

 private:
  int64_t row_elements() const;
  size_t row_bytes() const;
  void move_to(int64_t capacity);
  void bind(Tensor& tensor, std::byte* memory) const;
  std::shared_ptr<std::byte> allocate(size_t bytes) const;
  void copy(const BlockCopy& copy) const;

  std::optional<size_t> axis_;
  DeviceRun* device_;
  int64_t capacity_ = 0;                ///< rows of a block
  std::shared_ptr<std::byte> memory_;   ///< of the value
  std::shared_ptr<std::byte> other_;    ///< without an axis: of the next value
  size_t bytes_ = 0, other_bytes_ = 0;  ///< without an axis: their sizes
  Datum value_;
};

}  // namespace mica
