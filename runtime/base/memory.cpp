#include "runtime/base/memory.h"

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

}  // namespace mica
