#include "kernels/gather/indices.h"

namespace mica {

const int64_t* checked_indices(const Operands& io, const Tensor& indices, int64_t count) {
  check_integers(indices, indices.elements(), "indices");
  int64_t* checked = io.scratch<int64_t>(indices.elements());
  for (int64_t i = 0; i < indices.elements(); ++i) checked[i] = checked_index(integer_at(indices, i), count);
  return checked;
}

}  // namespace mica
