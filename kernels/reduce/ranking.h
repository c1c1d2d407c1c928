// Parameters of ArgMax and ArgMin (arg_extreme.op.cpp) and of TopK (topk.op.cpp).
#pragma once

#include <cstdint>

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

}  // namespace mica
