#include "kernels/reduce/stable_order.h"

#include <algorithm>
#include <numeric>

namespace mica {

std::vector<int64_t> stable_order(int64_t n, FunctionRef<bool(int64_t a, int64_t b)> comes_before) {
  std::vector<int64_t> order(static_cast<size_t>(n)), merged(order.size());
  std::iota(order.begin(), order.end(), 0);
  // Sorted runs are merged two by two.
  for (int64_t run = 1; run < n; run *= 2) {
    for (int64_t first = 0; first < n; first += 2 * run) {
      const int64_t *left = order.data() + first, *middle = order.data() + std::min(first + run, n);
      const int64_t *right = middle, *end = order.data() + std::min(first + 2 * run, n);
      int64_t* to = merged.data() + first;
      while (left < middle && right < end) *to++ = comes_before(*right, *left) ? *right++ : *left++;
      to = std::copy(left, middle, to);
      std::copy(right, end, to);
    }
    order.swap(merged);
  }
  return order;
}

}  // namespace mica
