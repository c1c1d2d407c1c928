// What NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss share: the loss of log-probabilities [N, C, d1 ... dk] for
// targets [N, d1 ... dk].
#pragma once

#include <optional>
#include <string>

#include "kernels/op.h"
#include "kernels/wide_operands.h"

namespace mica {

enum class LossReduction { None, Sum, Mean };

struct Loss {
  std::optional<int64_t> ignore_index;
  std::string reduction_name = "mean";
  LossReduction reduction = LossReduction::Mean;  ///< by `prepare_loss`
};

/// Reads `reduction_name`; throws InvalidModel for an unknown one.
void prepare_loss(Loss& op, const NodeFacts& facts);

/// Inputs scores, targets and optional weights; output 0 is the loss.
void infer_loss(const Loss& op, InferContext& ctx);

/// Scores as [batch, classes, places].
struct LossLayout {
  int64_t batch, classes, places;
};

/// Throws unless scores, targets, weights and the loss fit together.
LossLayout loss_layout(const Loss& op, const Operands& io);

///   loss[n, d] = -log_prob[n, target, d] * weight[target], 0 where the target is to be ignored; or the sum of them; or
///   the sum divided by that of the weights, which are 1 by default
template <class T>
void compute_loss(const Loss& op, const Operands& io, const LossLayout& layout, const T* log_prob);

}  // namespace mica
