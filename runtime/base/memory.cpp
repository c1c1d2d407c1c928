#include "runtime/base/memory.h"

#include <new>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/os.h"

namespace mica {

std::shared_ptr<void> allocate_aligned(size_t bytes) {
  const std::align_val_t alignment{bytes < kHugePage ? 64 : kHugePage};
  void* memory = ::operator new(bytes > 0 ? bytes : 1, alignment, std::nothrow);
  if (memory == nullptr) throw Error(ErrorCode::OutOfMemory, "cannot allocate " + std::to_string(bytes) + " bytes");
  std::shared_ptr<void> owner(memory, [alignment](void* p) { ::operator delete(p, alignment); });
  use_huge_pages(memory, bytes);
  return owner;
}

}  // namespace mica
