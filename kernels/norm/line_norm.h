// The parameters of LRN and LpNormalization.
#pragma once

#include <cstdint>

namespace mica {

struct Lrn {
  float alpha = 1e-4f, beta = 0.75f, bias = 1;
  int64_t size = 0;
};

struct LpNorm {
  int64_t axis = -1, p = 2;
};

}  // namespace mica
