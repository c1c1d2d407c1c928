// Constants that are packed together, into one block of memory.
#pragma once

#include <memory>
#include <span>

#include "kernels/packing.h"
#include "runtime/base/content_hash.h"

namespace mica {

class ThreadPool;  // backends/cpu/thread_pool.h

/// A block of that many bytes is worth pages and threads of its own.
inline constexpr size_t kLargeBlock = size_t{4} << 20;

struct PackItem {
  Tensor constant;
  PackTask task;
  std::shared_ptr<PackedBytes> result;
  size_t offset = 0;     ///< in the block
  ContentHash contents;  ///< of the constant, when they are asked for
};

/// Its elements as they lie in memory.
std::span<const std::byte> bytes_of(const Tensor& tensor);

/// Sets the offsets of items that lie one behind the other; returns the bytes of the block.
size_t lay_out(std::span<PackItem> items);

/// Packs a block of `bytes` bytes: on all threads, item by item. Each constant that is part of a mapped file leaves
/// memory when it is packed, so there is never much more in memory than is packed in the end. Sets `contents` if asked.
std::shared_ptr<std::byte> fill(std::span<PackItem> items, size_t bytes, bool contents, ThreadPool& threads);

/// Gives the results their memory.
void hand_out(std::span<const PackItem> items, const std::shared_ptr<const std::byte>& block);

}  // namespace mica
