#include "backends/memory_pool.h"

#include <algorithm>
#include <bit>

#include "runtime/base/error.h"

namespace mica {
namespace {

// A multiple of an eighth of the largest power of two in it, and of the 512 bytes that devices align to.
size_t rounded(size_t bytes) {
  const size_t step = std::max<size_t>(std::bit_floor(bytes) / 8, 512);
  return std::max((bytes + step - 1) / step * step, step);
}

}  // namespace

std::shared_ptr<MemoryPool> MemoryPool::make(Allocate allocate, Free free) {
  return std::shared_ptr<MemoryPool>(new MemoryPool(std::move(allocate), free));
}

MemoryPool::~MemoryPool() {
  free_idle();
}

std::shared_ptr<std::byte> MemoryPool::take(size_t bytes) {
  size_t size = rounded(bytes);
  std::byte* memory = find_idle(size);
  if (memory == nullptr) {
    try {
      memory = allocate_(size);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::OutOfMemory) throw;
      free_idle();
      memory = allocate_(size);
    }
  }
  return {memory, [pool = shared_from_this(), size](std::byte* block) { pool->give_back(block, size); }};
}

// The smallest that is large enough and not much larger; its size goes into `size`.
std::byte* MemoryPool::find_idle(size_t& size) {
  const std::lock_guard lock(mutex_);
  const auto found = idle_.lower_bound(size);
  if (found == idle_.end() || found->first > size + size / 4) return nullptr;
  std::byte* memory = found->second;
  size = found->first;
  idle_.erase(found);
  return memory;
}

void MemoryPool::give_back(std::byte* memory, size_t size) {
  const std::lock_guard lock(mutex_);
  idle_.emplace(size, memory);
}

void MemoryPool::free_idle() {
  const std::lock_guard lock(mutex_);
  for (const auto& [size, memory] : idle_) free_(memory);
  idle_.clear();
}

}  // namespace mica
