#include "runtime/output_buffer.h"

#include "backends/backend.h"
#include "runtime/base/memory.h"

namespace mica {

Tensor OutputBuffer::take(DType dtype, const Shape& shape) {
  const size_t bytes = byte_size(dtype, shape.elements()).value_or(0);
  Block* free = nullptr;
  for (Block& block : blocks_) {
    if (block.memory.use_count() > 1) continue;
    if (free == nullptr || block.bytes > free->bytes) free = &block;
  }
  if (free == nullptr) free = &blocks_[0];  // both are held elsewhere; whoever holds the first one keeps it alive
  if (free->memory == nullptr || free->memory.use_count() > 1 || free->bytes < bytes) {
    const size_t roomy = free->bytes > 0 && bytes > free->bytes ? bytes + bytes / 2 : bytes;
    free->memory = allocate(roomy);
    free->bytes = roomy;
  }
  return Tensor::over(dtype, shape, free->memory.get(), free->memory);
}

std::shared_ptr<void> OutputBuffer::allocate(size_t bytes) const {
  if (device_ == nullptr) return allocate_aligned(bytes);
  return device_->allocate_shared(bytes);
}

}  // namespace mica
