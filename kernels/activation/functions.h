// Activation functions of a double: what the loops of unary_simd.h compute, by their formulas.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mica::activation {

inline double sigmoid(double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

inline double softplus(double x) {
  return std::isnan(x) ? x : std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}

inline double softsign(double x) {
  return x / (1 + std::fabs(x));
}

inline double mish(double x) {
  return x * std::tanh(softplus(x));
}

inline double gelu(double x) {
  return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
}

inline double gelu_tanh(double x) {
  return x * sigmoid(2 * std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x));
}

inline double relu(double x) {
  return x < 0 ? 0 : x;
}

inline double leaky_relu(double x, double alpha, double) {
  return x < 0 ? alpha * x : x;
}

inline double thresholded_relu(double x, double alpha, double) {
  return x <= alpha ? 0 : x;
}

inline double elu(double x, double alpha, double beta) {
  return beta * (x < 0 ? alpha * std::expm1(x) : x);
}

inline double celu(double x, double alpha, double) {
  return x < 0 ? alpha * std::expm1(x / alpha) : x;
}

inline double hard_sigmoid(double x, double alpha, double beta) {
  const double y = alpha * x + beta;
  return std::isnan(y) ? y : std::clamp(y, 0.0, 1.0);
}

inline double hard_swish(double x, double alpha, double beta) {
  return x * hard_sigmoid(x, alpha, beta);
}

inline double swish(double x, double alpha, double) {
  return x * sigmoid(alpha * x);
}

}  // namespace mica::activation
