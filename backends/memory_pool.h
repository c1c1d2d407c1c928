// Memory that is slow to get, kept for those who come next.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace mica {

/// Hands out blocks of memory; one that is let go serves the next who wants about as much. Sizes are rounded up a
/// little, so that they meet. When there is no more memory, all idle blocks are freed first. Thread safe.
class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  using Allocate = std::function<std::byte*(size_t bytes)>;  ///< throws OutOfMemory
  using Free = void (*)(std::byte* memory);

  static std::shared_ptr<MemoryPool> make(Allocate allocate, Free free);
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  /// Uninitialised. The pool lives as long as its blocks.
  std::shared_ptr<std::byte> take(size_t bytes);

 private:
  MemoryPool(Allocate allocate, Free free) : allocate_(std::move(allocate)), free_(free) {}

  std::byte* find_idle(size_t& size);
  void give_back(std::byte* memory, size_t size);
  void free_idle();

  Allocate allocate_;
  Free free_;
  std::mutex mutex_;
  std::multimap<size_t, std::byte*> idle_;  ///< by size
};

}  // namespace mica
