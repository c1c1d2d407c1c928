#include "kernels/operands.h"

#include <algorithm>
#include <utility>

#include "runtime/base/memory.h"

namespace mica {

void* Workspace::take(size_t bytes) {
  constexpr size_t kAlignment = 64;
  const size_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  if (size < bytes) throw Error(ErrorCode::OutOfMemory, "scratch memory of a kernel is too large");
  if (blocks_.empty() || blocks_.back().size - used_ < size) {
    const size_t block = std::max<size_t>({size, 64 * 1024, blocks_.empty() ? 0 : 2 * blocks_.back().size});
    blocks_.push_back({std::static_pointer_cast<std::byte>(allocate_aligned(block)), block});
    used_ = 0;
  }
  std::byte* memory = blocks_.back().memory.get() + used_;
  used_ += size;
  return memory;
}

void Workspace::reset() {
  if (blocks_.size() > 1) {
    size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    blocks_.clear();
    used_ = 0;
    take(total);
  }
  used_ = 0;
}

Tensor& Operands::allocate(size_t output, DType dtype, const Shape& shape) const {
  Datum& datum = *outputs_[output];
  datum = Datum(Tensor(dtype, shape));
  return datum.tensor;
}

void Operands::set(size_t output, Datum value) const {
  *outputs_[output] = std::move(value);
}

void bad_input(const std::string& message) {
  throw Error(ErrorCode::InvalidArgument, message);
}

}  // namespace mica
