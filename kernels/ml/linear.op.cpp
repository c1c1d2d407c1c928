// LinearRegressor, ai.onnx.ml 1:   Y = transform(X coefficients^T + intercepts), for `targets` rows of coefficients
// LinearClassifier, ai.onnx.ml 1:  the same for each class, and the label of the class of the highest score. One row of
// coefficients for two labels gives the second class's score, of which the first one's is the negative; one for fewer
// labels the score of being in the class, 0 or more (0.5 with a transform) meaning yes.
#include "kernels/ml/feature_loops.h"
#include "kernels/ml/features.h"
#include "kernels/ml/labels.h"
#include "kernels/op.h"

namespace mica {
namespace {

struct Linear : Classifier {
  std::vector<float> coefficients, intercepts;
  int64_t targets = 1;
  bool mirrored = false;  ///< one row of coefficients makes two scores

  int64_t scores() const { return mirrored ? 2 : targets; }
};

void prepare_linear(Linear& op) {
  const auto fits = [&](const std::vector<float>& list) {
    return op.targets > 0 && list.size() % static_cast<size_t>(op.targets) == 0;
  };
  if (!fits(op.coefficients) || (!op.intercepts.empty() && op.intercepts.size() != static_cast<size_t>(op.targets))) {
    throw Error(ErrorCode::InvalidModel, std::to_string(op.coefficients.size()) + " coefficients and " +
                                             std::to_string(op.intercepts.size()) + " intercepts do not fit " +
                                             std::to_string(op.targets) + " targets");
  }
}

void prepare_regressor(Linear& op, const NodeFacts&) {
  op.post_transform = post_transform_from_name(op.post_transform_name);
  prepare_linear(op);
}

void prepare_classes(Linear& op, const NodeFacts&) {
  prepare_classifier(op);
  op.targets = op.intercepts.empty() ? static_cast<int64_t>(std::max<size_t>(1, op.labels()))
                                     : static_cast<int64_t>(op.intercepts.size());
  op.mirrored = op.targets == 1 && op.labels() == 2;
  if (op.targets > 1 && op.labels() > 0 && static_cast<size_t>(op.targets) != op.labels()) {
    throw Error(ErrorCode::InvalidModel,
                std::to_string(op.labels()) + " labels for " + std::to_string(op.targets) + " rows of coefficients");
  }
  prepare_linear(op);
}

/// Calls f(row, scores) for each row of the input; the scores are not transformed yet.
template <class F>
void for_each_row(const Linear& op, const Operands& io, Tensor* scores_output, F f) {
  const FeatureRows rows(io.in(0));
  const int64_t width = rows.width;
  if (width * op.targets != static_cast<int64_t>(op.coefficients.size())) {
    bad_input("the input " + io.in(0).str() + " has not " +
              std::to_string(static_cast<int64_t>(op.coefficients.size()) / op.targets) + " features");
  }
  if (scores_output != nullptr && scores_output->elements() != rows.count * op.scores()) {
    bad_input("the output is " + scores_output->str());
  }
  double* features = io.scratch<double>(width);
  const std::span<double> scores(io.scratch<double>(op.scores()), static_cast<size_t>(op.scores()));
  for (int64_t row = 0; row < rows.count; ++row) {
    rows.read(row, features);
    for (size_t t = 0; t < static_cast<size_t>(op.targets); ++t) {
      const float* coefficients = op.coefficients.data() + static_cast<int64_t>(t) * width;
      const double intercept = op.intercepts.empty() ? 0 : static_cast<double>(op.intercepts[t]);
      scores[t] = intercept + dot(features, coefficients, width);
    }
    if (op.mirrored) {
      scores[1] = scores[0];
      scores[0] = -scores[1];
    }
    transform(op.post_transform, scores);
    f(row, scores);
    for (size_t t = 0; scores_output != nullptr && t < scores.size(); ++t) {
      scores_output->mutable_data<float>()[row * op.scores() + static_cast<int64_t>(t)] = static_cast<float>(scores[t]);
    }
  }
}

void infer_regressor(const Linear& op, InferContext& ctx) {
  ctx.set(0, DType::F32, Dims{feature_row_count(ctx, 0), op.targets});
}

void infer_classes(const Linear& op, InferContext& ctx) {
  infer_classifier(op, ctx, op.scores());
}

void run_regressor(const Linear& op, const Operands& io) {
  for_each_row(op, io, &io.out(0), [](int64_t, std::span<const double>) {});
}

void run_classifier(const Linear& op, const Operands& io) {
  const double threshold = op.post_transform == PostTransform::None ? 0 : 0.5;
  for_each_row(op, io, io.wants(1) ? &io.out(1) : nullptr, [&](int64_t row, std::span<const double> scores) {
    if (!io.wants(0)) return;
    const bool yes = scores[0] >= threshold;
    const int64_t single = op.labels() == 0 ? static_cast<int64_t>(yes) : yes ? 0 : -1;
    write_label(op, io.out(0), row, scores.size() > 1 ? best_class(scores) : single);
  });
}

OpBuilder<Linear> linear() {
  return op<Linear>()
      .input("X", kFeatureTypes)
      .output("Y")
      .attribute("intercepts", &Linear::intercepts)
      .attribute("post_transform", &Linear::post_transform_name);
}

}  // namespace

MICA_OP(LinearRegressor, 1, ai_onnx_ml) {
  return linear()
      .attribute("coefficients", &Linear::coefficients)
      .attribute("targets", &Linear::targets)
      .prepare<prepare_regressor>()
      .infer<infer_regressor>()
      .cpu<run_regressor>();
}

MICA_OP(LinearClassifier, 1, ai_onnx_ml) {
  return linear()
      .optional_output("Z")
      .required("coefficients", &Linear::coefficients)
      .attribute("classlabels_ints", &Linear::labels_ints)
      .attribute("classlabels_strings", &Linear::labels_strings)
      .ignored_attribute("multi_class")
      .prepare<prepare_classes>()
      .infer<infer_classes>()
      .cpu<run_classifier>();
}

}  // namespace mica
