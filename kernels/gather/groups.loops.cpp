#include "kernels/gather/groups.h"

#include <algorithm>
#include <numeric>

namespace mica {

Groups group(const std::vector<int64_t>& order, bool sorted, FunctionRef<bool(int64_t a, int64_t b)> equal) {
  Groups groups;
  std::vector<size_t> group_of(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || !equal(order[i - 1], order[i])) {
      groups.first.push_back(order[i]);
      groups.count.push_back(0);
    }
    ++groups.count.back();
    group_of[static_cast<size_t>(order[i])] = groups.first.size() - 1;
  }
  std::vector<size_t> rank(groups.first.size());
  std::iota(rank.begin(), rank.end(), size_t{0});
  if (!sorted) {
    std::sort(rank.begin(), rank.end(), [&](size_t a, size_t b) { return groups.first[a] < groups.first[b]; });
  }
  Groups ranked;
  std::vector<int64_t> rank_of(rank.size());
  for (size_t i = 0; i < rank.size(); ++i) {
    ranked.first.push_back(groups.first[rank[i]]);
    ranked.count.push_back(groups.count[rank[i]]);
    rank_of[rank[i]] = static_cast<int64_t>(i);
  }
  for (const size_t g : group_of) ranked.place.push_back(rank_of[g]);
  return ranked;
}

int compare_keys(const uint64_t* a, const uint64_t* b, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

}  // namespace mica
