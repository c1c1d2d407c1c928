#include "backends/cpu/caches.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace mica {
namespace {

#if defined(__x86_64__)

// Intel SDM volume 2A, CPUID leaf 4 (deterministic cache parameters); AMD64 APM volume 3, CPUID Fn8000_001D, which has
// the same layout. One subleaf a cache: type in EAX[4:0] (1 data, 3 unified, 0 none), level in EAX[7:5].
bool read(uint32_t leaf, CacheSizes& sizes) {
  bool found = false;
  for (uint32_t subleaf = 0; subleaf < 16; ++subleaf) {
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (!__get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx)) return found;
    const uint32_t type = eax & 31;
    if (type == 0) return found;
    if (type == 2) continue;
    const int64_t ways = (ebx >> 22) + 1, partitions = (ebx >> 12 & 1023) + 1, line = (ebx & 4095) + 1;
    const int64_t bytes = ways * partitions * line * (static_cast<int64_t>(ecx) + 1);
    const uint32_t level = eax >> 5 & 7;
    if (level == 1) sizes.l1 = bytes;
    if (level == 2) sizes.l2 = bytes;
    found = true;
  }
  return found;
}

CacheSizes detect() {
  CacheSizes sizes;
  if (!read(0x8000001du, sizes)) read(4, sizes);
  return sizes;
}

#else

CacheSizes detect() {
  return {};
}

#endif

}  // namespace

const CacheSizes& cache_sizes() {
  static const CacheSizes sizes = detect();
  return sizes;
}

}  // namespace mica
