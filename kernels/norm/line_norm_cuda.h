// Launchers of CUDA kernels of norms along an axis whose elements need not be neighbours. Tensors are of floats, seen
// as [outer, width, inner].
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// y = x / (bias + alpha / size * sum of x^2 over the places from `before` before to `after` behind along the
/// axis)^beta.
struct LocalNormCall {
  Number number;
  const void* x;
  void* y;
  int64_t outer, width, inner;
  int64_t before, after;
  int64_t size;
  float alpha, beta, bias;
};
void launch_local_norm(const LocalNormCall& call, void* stream);

/// y = x / norm along the axis, the sum of |x| or with `squares` the root of the sum of x^2; 0 where that is 0. y may
/// be x.
struct LpNormCall {
  Number number;
  const void* x;
  void* y;
  int64_t outer, width, inner;
  bool squares;
};
void launch_lp_norm(const LpNormCall& call, void* stream);

}  // namespace mica::cuda
