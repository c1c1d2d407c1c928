// Parameters of ArgMax and ArgMin (arg_extreme.op.cpp) and of TopK (topk.op.cpp), and their loops over keys of elements
// (order_keys.h).
#pragma once

#include <cstdint>
#include <span>

namespace mica {

struct ArgExtreme {
  int64_t axis = 0;
  bool keepdims = true;
  bool select_last_index = false;
  bool largest = true;
};

struct TopK {
  int64_t axis = -1;
  int64_t k = -1;  ///< given by input 1 when negative
  bool largest = true;
};

/// The first place of the least key, or the last one.
int64_t index_of_least(std::span<const uint64_t> keys, bool last);

struct RankedKey {
  uint64_t key;
  int64_t index;
};
/// The k least of n keys at the front of `ranked`, which has room for n, in their order; of equals the first before.
void rank_keys(const uint64_t* keys, int64_t n, int64_t k, RankedKey* ranked);

}  // namespace mica
