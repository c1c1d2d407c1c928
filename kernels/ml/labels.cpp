#include "kernels/ml/labels.h"

#include <algorithm>

#include "kernels/ml/features.h"

namespace mica {

size_t Classifier::labels() const {
  return labels_strings ? labels_strings->size() : labels_ints ? labels_ints->size() : 0;
}

void prepare_classifier(Classifier& op) {
  op.post_transform = post_transform_from_name(op.post_transform_name);
  if (op.labels_ints && op.labels_ints->empty()) op.labels_ints.reset();
  if (op.labels_strings && op.labels_strings->empty()) op.labels_strings.reset();
  if (op.labels_ints && op.labels_strings) {
    throw Error(ErrorCode::InvalidModel, "labels are given as integers and as strings");
  }
}

void infer_classifier(const Classifier& op, InferContext& ctx, int64_t scores) {
  const Dim rows = feature_row_count(ctx, 0);
  ctx.set(0, op.label_type(), Dims{rows});
  if (ctx.outputs() > 1) ctx.set(1, DType::F32, Dims{rows, scores});
}

void write_label(const Classifier& op, Tensor& labels, int64_t row, int64_t index) {
  const size_t i = static_cast<size_t>(index);
  if (op.labels_strings) {
    labels.mutable_data<std::string>()[row] = index < 0 ? std::string() : op.labels_strings->at(i);
  } else {
    labels.mutable_data<int64_t>()[row] = index < 0 ? 0 : op.labels_ints ? op.labels_ints->at(i) : index;
  }
}

int64_t best_class(std::span<const double> scores) {
  return std::ranges::max_element(scores) - scores.begin();
}

}  // namespace mica
