// Over the matrices of a product on a device.
#pragma once

#include "kernels/cuda/walk.h"
#include "kernels/matmul/matmul_shape.h"

namespace mica {

/// Of a, b and y, in elements.
inline cuda::Walk<3> batch_walk(const MatMulProblem& p) {
  cuda::Walk<3> walk;
  for (size_t i = p.batch.rank(); i-- > 0;) {
    walk.add(p.batch[i], {{p.a.batch_strides[i], p.b.batch_strides[i], p.y.batch_strides[i]}});
  }
  return walk;
}

}  // namespace mica
