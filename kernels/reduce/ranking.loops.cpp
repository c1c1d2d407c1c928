#include "kernels/reduce/ranking.h"

#include <algorithm>

namespace mica {

int64_t index_of_least(std::span<const uint64_t> keys, bool last) {
  uint64_t least = keys[0];
  for (const uint64_t key : keys) least = std::min(least, key);
  if (last) return keys.rend() - std::find(keys.rbegin(), keys.rend(), least) - 1;
  return std::find(keys.begin(), keys.end(), least) - keys.begin();
}

void rank_keys(const uint64_t* keys, int64_t n, int64_t k, RankedKey* ranked) {
  for (int64_t i = 0; i < n; ++i) ranked[i] = {keys[i], i};
  const auto comes_before = [](const RankedKey& a, const RankedKey& b) {
    return a.key != b.key ? a.key < b.key : a.index < b.index;
  };
  if (k < n / 3) {
    std::partial_sort(ranked, ranked + k, ranked + n, comes_before);
  } else {
    std::sort(ranked, ranked + n, comes_before);
  }
}

}  // namespace mica
