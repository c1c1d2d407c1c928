#include "runtime/late_weights.h"

namespace mica {

void LateWeights::pack(ThreadPool& threads) {
  const size_t bytes = lay_out(items_);
  hand_out(items_, fill(items_, bytes, false, threads));
  items_.clear();
}

}  // namespace mica
