// Rows of a table on top of other rows.
#pragma once

#include <algorithm>

#include "backends/cpu/thread_pool.h"

namespace mica {

/// y[i] = x[i] + table[rows[i % picks]] for `count` rows of `width` elements; without the x when it is null. y may be
/// x.
template <class T>
void add_rows(ThreadPool& threads, const T* x, const T* table, const int64_t* rows, int64_t picks, int64_t count,
              int64_t width, T* y) {
  threads.parallel_for(count, 1 + 16384 / (width + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const T* from = table + rows[i % picks] * width;
      T* to = y + i * width;
      if (x == nullptr) {
        std::copy_n(from, width, to);
      } else {
        const T* base = x + i * width;
        for (int64_t d = 0; d < width; ++d) to[d] = base[d] + from[d];
      }
    }
  });
}

}  // namespace mica
