#include "kernels/ml/svm.h"

#include <cmath>

#include "runtime/base/error.h"

namespace mica {

void prepare_svm(Svm& op) {
  if (op.kernel_name == "LINEAR") {
    op.kernel = SvmKernel::Linear;
  } else if (op.kernel_name == "POLY") {
    op.kernel = SvmKernel::Polynomial;
  } else if (op.kernel_name == "RBF") {
    op.kernel = SvmKernel::Rbf;
  } else if (op.kernel_name == "SIGMOID") {
    op.kernel = SvmKernel::Sigmoid;
  } else {
    throw Error(ErrorCode::InvalidModel, "kernel_type is \"" + op.kernel_name + "\"");
  }
  if (op.kernel_params.empty()) op.kernel_params.assign(3, 0.0f);
  if (op.kernel_params.size() != 3) throw Error(ErrorCode::InvalidModel, "kernel_params must be three numbers");
}

double svm_kernel(const Svm& op, const double* a, const float* b, int64_t width) {
  double sum = 0;
  for (int64_t i = 0; i < width; ++i) {
    const double y = static_cast<double>(b[i]);
    sum += op.kernel == SvmKernel::Rbf ? (a[i] - y) * (a[i] - y) : a[i] * y;
  }
  const double gamma = static_cast<double>(op.kernel_params[0]), offset = static_cast<double>(op.kernel_params[1]);
  switch (op.kernel) {
    case SvmKernel::Linear:
      return sum;
    case SvmKernel::Polynomial:
      return std::pow(gamma * sum + offset, static_cast<double>(op.kernel_params[2]));
    case SvmKernel::Rbf:
      return std::exp(-gamma * sum);
    case SvmKernel::Sigmoid:
      return std::tanh(gamma * sum + offset);
  }
  return sum;
}

}  // namespace mica
