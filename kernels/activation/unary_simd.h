// Vector loops of one float in, one float out.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// y[i] = f(x[i]) for i < n. `y` may be `x`. A NaN gives a NaN.
using UnaryLoop = void (*)(const float* x, float* y, int64_t n);

/// The same for a family of functions.
using ParametricLoop = void (*)(const float* x, float* y, int64_t n, float alpha, float beta);

/// Accuracy is stated in kernels/simd/math.h and kernels/simd/trigonometry.h.
struct UnaryKernels {
  UnaryLoop abs, neg, sign, square;
  UnaryLoop floor, ceil, round;  // round: ties to even
  UnaryLoop sqrt, rsqrt, reciprocal;
  UnaryLoop exp, log, tanh, sigmoid, erf;
  UnaryLoop sin, cos, tan, asin, acos, atan;
  UnaryLoop sinh, cosh, asinh, acosh, atanh;
  UnaryLoop relu;
  UnaryLoop gelu, gelu_tanh;  // by erf, and its approximation by tanh
  UnaryLoop silu;             // x sigmoid(x)
  UnaryLoop softplus;         // log(1 + e^x)
  UnaryLoop softsign;         // x / (1 + |x|)
  UnaryLoop mish;             // x tanh(softplus(x))

  ParametricLoop affine;            // alpha x + beta
  ParametricLoop clip;              // min(beta, max(alpha, x))
  ParametricLoop leaky_relu;        // x < 0 ? alpha x : x
  ParametricLoop thresholded_relu;  // x > alpha ? x : 0
  ParametricLoop elu;               // beta (x < 0 ? alpha (e^x - 1) : x);  Elu with beta 1, Selu
  ParametricLoop celu;              // x < 0 ? alpha (e^(x / alpha) - 1) : x
  ParametricLoop hard_sigmoid;      // min(1, max(0, alpha x + beta))
  ParametricLoop hard_swish;        // x hard_sigmoid(x)
  ParametricLoop swish;             // x sigmoid(alpha x)
};

const UnaryKernels& unary_kernels();
IsaTables<UnaryKernels> unary_kernels_all();

}  // namespace mica
