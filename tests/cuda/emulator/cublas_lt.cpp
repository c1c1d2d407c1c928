// The emulated device has no libraries.
#include "backends/cuda/cublas_lt.h"

namespace mica {

std::string cublas_lt_absence() {
  return "is not emulated";
}

bool cublas_lt_multiply(const LtProduct&, void*, void*) {
  return false;
}

}  // namespace mica
