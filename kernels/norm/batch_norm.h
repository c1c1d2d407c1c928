// Parameters of BatchNormalization (batch_norm.op.cpp).
#pragma once

#include "kernels/op.h"

namespace mica {

struct BatchNorm {
  float epsilon = 1e-5f, momentum = 0.9f;
  bool is_test = false, spatial = true, training = false;
};

/// X as [instances, channels, plane].
struct BatchNormLayout {
  int64_t instances, channels, plane;
};
BatchNormLayout batch_norm_layout(const BatchNorm& op, const Shape& shape);

}  // namespace mica
