#include "backends/cuda/capability.h"

#include <algorithm>
#include <cstdlib>

namespace mica {

int capped_capability(int of_device) {
  const char* wish = std::getenv("MICA_CUDA_CAPABILITY");
  return wish == nullptr ? of_device : std::min(of_device, std::atoi(wish));
}

}  // namespace mica
