// Sizes of the CPU's data caches.
#pragma once

#include <cstdint>

namespace mica {

struct CacheSizes {
  int64_t l1 = 32 * 1024;   ///< bytes, of one core
  int64_t l2 = 512 * 1024;  ///< bytes, of one core
};

/// What the CPU says, or the defaults above where it says nothing. Asked once.
const CacheSizes& cache_sizes();

}  // namespace mica
