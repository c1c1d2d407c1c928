// Classifiers: their labels, which are integers or strings, and how a score becomes a label.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/infer_context.h"
#include "kernels/ml/scores.h"
#include "kernels/operands.h"

namespace mica {

/// What the attributes of a classifier say of its classes.
struct Classifier {
  std::optional<std::vector<int64_t>> labels_ints;
  std::optional<std::vector<std::string>> labels_strings;
  std::string post_transform_name = "NONE";
  PostTransform post_transform = PostTransform::None;  ///< by `prepare_classifier`

  /// Number of labels; 0 when neither attribute is given, and the labels are then the numbers of the classes.
  size_t labels() const;
  DType label_type() const { return labels_strings ? DType::String : DType::I64; }
};

/// Reads the name of the transform; throws InvalidModel for an unknown one, or for labels of both kinds.
void prepare_classifier(Classifier& op);

/// Output 0, a label for each row, and output 1, `scores` for each.
void infer_classifier(const Classifier& op, InferContext& ctx, int64_t scores);

/// Writes the label of class `index`, which counts from 0; -1: none of the classes, 0 or the empty string.
void write_label(const Classifier& op, Tensor& labels, int64_t row, int64_t index);

/// The place of the largest score, the first of equal ones.
int64_t best_class(std::span<const double> scores);

}  // namespace mica
