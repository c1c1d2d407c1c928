#include "runtime/output_buffer.h"

#include <new>
#include <string>

#include "runtime/base/error.h"

namespace mica {

std::shared_ptr<void> allocate_aligned(size_t bytes) {
  constexpr std::align_val_t kAlignment{64};
  void* memory = ::operator new(bytes > 0 ? bytes : 1, kAlignment, std::nothrow);
  if (memory == nullptr) throw Error(ErrorCode::OutOfMemory, "cannot allocate " + std::to_string(bytes) + " bytes");
  return std::shared_ptr<void>(memory, [](void* p) { ::operator delete(p, kAlignment); });
}

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
    free->memory = allocate_aligned(roomy);
    free->bytes = roomy;
  }
  return Tensor::over(dtype, shape, free->memory.get(), free->memory);
}

}  // namespace mica
