// How often this test program has allocated memory.
#pragma once

#include <cstddef>

namespace mica {

/// Calls of `operator new` so far, by all threads.
size_t allocation_count();

}  // namespace mica
