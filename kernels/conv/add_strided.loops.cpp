#include "kernels/conv/add_strided.h"

namespace mica {

void add_strided(const float* x, int64_t count, int64_t step, float* y) {
  if (step == 1) {
    for (int64_t i = 0; i < count; ++i) y[i] += x[i];
  } else {
    for (int64_t i = 0; i < count; ++i) y[i * step] += x[i];
  }
}

}  // namespace mica
