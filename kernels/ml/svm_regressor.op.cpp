// SVMRegressor, ai.onnx.ml 1:  Y = transform(rho + sum over support vectors v of coefficient kernel(X, v))
// without support vectors rho + coefficients X. Of one class: 1 where that is positive, else -1.
#include "kernels/ml/features.h"
#include "kernels/ml/scores.h"
#include "kernels/ml/svm.h"
#include "kernels/op.h"

namespace mica {
namespace {

struct SvmRegressor : Svm {
  int64_t supports = 0;
  bool one_class = false;
  std::string post_transform_name = "NONE";
  PostTransform post_transform = PostTransform::None;
  int64_t width = 0;  ///< features
};

void prepare(SvmRegressor& op, const NodeFacts&) {
  prepare_svm(op);
  op.post_transform = post_transform_from_name(op.post_transform_name);
  const size_t supports = op.supports > 0 ? static_cast<size_t>(op.supports) : 0;
  const bool fits = supports == 0 || (op.coefficients.size() == supports && op.support_vectors.size() % supports == 0);
  if (!fits || op.rho.empty()) {
    throw Error(ErrorCode::InvalidModel, "coefficients, support_vectors, rho and n_supports do not fit together");
  }
  op.width = static_cast<int64_t>(supports == 0 ? op.coefficients.size() : op.support_vectors.size() / supports);
  if (supports == 0) op.kernel = SvmKernel::Linear;
}

void infer(const SvmRegressor&, InferContext& ctx) {
  ctx.set(0, DType::F32, Dims{feature_row_count(ctx, 0), 1});
}

void run_cpu(const SvmRegressor& op, const Operands& io) {
  const FeatureRows rows(io.in(0));
  if (rows.width != op.width || io.out(0).elements() != rows.count) {
    bad_input("the input " + io.in(0).str() + " has not " + std::to_string(op.width) + " features");
  }
  double* features = io.scratch<double>(op.width);
  for (int64_t row = 0; row < rows.count; ++row) {
    rows.read(row, features);
    double score = static_cast<double>(op.rho[0]);
    if (op.supports <= 0) score += svm_kernel(op, features, op.coefficients.data(), op.width);
    for (int64_t i = 0; i < op.supports; ++i) {
      score += static_cast<double>(op.coefficients[static_cast<size_t>(i)]) *
               svm_kernel(op, features, op.support_vectors.data() + i * op.width, op.width);
    }
    if (op.one_class) score = score > 0 ? 1 : -1;
    transform(op.post_transform, {&score, 1});
    io.out(0).mutable_data<float>()[row] = static_cast<float>(score);
  }
}

}  // namespace

MICA_OP(SVMRegressor, 1, ai_onnx_ml) {
  return op<SvmRegressor>()
      .input("X", kFeatureTypes)
      .output("Y")
      .attribute("coefficients", &SvmRegressor::coefficients)
      .attribute("support_vectors", &SvmRegressor::support_vectors)
      .attribute("rho", &SvmRegressor::rho)
      .attribute("kernel_params", &SvmRegressor::kernel_params)
      .attribute("kernel_type", &SvmRegressor::kernel_name)
      .attribute("n_supports", &SvmRegressor::supports)
      .attribute("one_class", &SvmRegressor::one_class)
      .attribute("post_transform", &SvmRegressor::post_transform_name)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
