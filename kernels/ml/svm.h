// Support vector machines: the kernel functions, which SVMClassifier and SVMRegressor share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mica {

enum class SvmKernel { Linear, Polynomial, Rbf, Sigmoid };

struct Svm {
  std::vector<float> coefficients, support_vectors, rho;
  std::vector<float> kernel_params;  ///< gamma, coef0, degree; zeros when not given
  std::string kernel_name = "LINEAR";
  SvmKernel kernel = SvmKernel::Linear;  ///< by `prepare_svm`
};

/// Reads the name of the kernel; throws InvalidModel for an unknown one, or for fewer than three parameters.
void prepare_svm(Svm& op);

/// LINEAR a b, POLY (gamma a b + coef0)^degree, SIGMOID tanh(gamma a b + coef0), RBF exp(-gamma |a - b|^2).
double svm_kernel(const Svm& op, const double* a, const float* b, int64_t width);

}  // namespace mica
