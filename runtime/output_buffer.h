// Memory of one output across runs.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "runtime/base/tensor.h"

namespace mica {

/// Hands out memory for an output, again and again, without allocating in the long run: a buffer that nobody but this
/// object holds is used again. Two are kept, so that an output that is the next run's input alternates between them.
class OutputBuffer {
 public:
  /// A tensor of this type whose memory nobody else sees. Not for strings.
  Tensor take(DType dtype, const Shape& shape);

 private:
  struct Block {
    std::shared_ptr<void> memory;
    size_t bytes = 0;
  };
  std::array<Block, 2> blocks_;
};

}  // namespace mica
