// Memory of one output across runs.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "runtime/base/tensor.h"

namespace mica {

class Device;

/// Hands out memory for an output, again and again, without allocating in the long run: a buffer that nobody but this
/// object holds is used again. Two are kept, so that an output that is the next run's input alternates between them.
class OutputBuffer {
 public:
  OutputBuffer() = default;
  /// Memory that the device can copy to.
  explicit OutputBuffer(Device& device) : device_(&device) {}

  /// A tensor of this type whose memory nobody else sees. Not for strings.
  Tensor take(DType dtype, const Shape& shape);

 private:
  struct Block {
    std::shared_ptr<void> memory;
    size_t bytes = 0;
  };

  std::shared_ptr<void> allocate(size_t bytes) const;

  Device* device_ = nullptr;  ///< null: the host has its memory to itself
  std::array<Block, 2> blocks_;
};

}  // namespace mica
