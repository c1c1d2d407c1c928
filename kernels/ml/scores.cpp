#include "kernels/ml/scores.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/error.h"

namespace mica {
namespace {

// The inverse of the normal distribution's integral, by Winitzki's approximation of the inverse error function.
double probit(double p) {
  const double x = 2 * p - 1;
  const double log = std::log((1 - x) * (1 + x));
  const double v = 2 / (3.14159 * 0.147) + 0.5 * log;
  return 1.41421356 * std::copysign(std::sqrt(-v + std::sqrt(v * v - log / 0.147)), x);
}

}  // namespace

PostTransform post_transform_from_name(const std::string& name) {
  if (name == "NONE") return PostTransform::None;
  if (name == "SOFTMAX") return PostTransform::Softmax;
  if (name == "LOGISTIC") return PostTransform::Logistic;
  if (name == "SOFTMAX_ZERO") return PostTransform::SoftmaxZero;
  if (name == "PROBIT") return PostTransform::Probit;
  throw Error(ErrorCode::InvalidModel, "post_transform is \"" + name + "\"");
}

void transform(PostTransform kind, std::span<double> scores) {
  if (kind == PostTransform::Softmax || kind == PostTransform::SoftmaxZero) {
    const double most = *std::ranges::max_element(scores);
    const bool keep_zeros = kind == PostTransform::SoftmaxZero;
    double sum = 0;
    for (double& score : scores) sum += score = keep_zeros && score == 0 ? 0 : std::exp(score - most);
    for (double& score : scores) score = sum == 0 ? 0.5 : score / sum;
  }
  for (double& score : scores) {
    if (kind == PostTransform::Logistic) score = 1 / (1 + std::exp(-score));
    if (kind == PostTransform::Probit) score = probit(score);
  }
}

}  // namespace mica
