// The parameters of ReverseSequence.
#pragma once

#include <cstdint>

#include "kernels/operands.h"

namespace mica {

struct ReverseSequence {
  int64_t batch_axis = 1;
  int64_t time_axis = 0;
};

/// Elements of [batch, time, width], in either order of the first two axes.
struct ReverseExtent {
  int64_t batch, time, width, batch_stride, time_stride;
};
/// Throws when the operands do not fit each other.
ReverseExtent reverse_extent(const ReverseSequence& op, const Operands& io);

}  // namespace mica
