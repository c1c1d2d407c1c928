// Memory for tensors, arenas and scratch space.
#pragma once

#include <cstddef>
#include <memory>

namespace mica {

/// Uninitialised memory of at least one byte whose address is a multiple of 64: a cache line, and the widest vector.
/// Throws Error(OutOfMemory).
std::shared_ptr<void> allocate_aligned(size_t bytes);

}  // namespace mica
