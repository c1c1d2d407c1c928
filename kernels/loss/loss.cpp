#include "kernels/loss/loss.h"

#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {

void prepare_loss(Loss& op, const NodeFacts&) {
  if (op.reduction_name == "none") {
    op.reduction = LossReduction::None;
  } else if (op.reduction_name == "sum") {
    op.reduction = LossReduction::Sum;
  } else if (op.reduction_name == "mean") {
    op.reduction = LossReduction::Mean;
  } else {
    throw_error(ErrorCode::InvalidModel, {"reduction is \"", op.reduction_name, "\"; none, sum and mean are known"});
  }
}

void infer_loss(const Loss& op, InferContext& ctx) {
  same_dtype(ctx, 0, 2);
  const Dims* scores = ctx.dims(0);
  const Dims* targets = ctx.dims(1);
  std::optional<Dims> dims;
  if (targets != nullptr) dims = *targets;
  if (scores != nullptr) {
    if (scores->size() < 2) throw_error(ErrorCode::InvalidModel, {"the input ", *scores, " has no axis of classes"});
    Dims expected = *scores;
    expected.erase(expected.begin() + 1);
    if (targets != nullptr && targets->size() != expected.size()) {
      throw_error(ErrorCode::InvalidModel, {"targets ", *targets, " do not fit the input ", *scores});
    }
    for (size_t i = 0; i < expected.size() && targets != nullptr; ++i) {
      expected[i] = ctx.merge(expected[i], (*targets)[i], "dims of the input and of the targets");
    }
    dims = std::move(expected);
  }
  if (op.reduction != LossReduction::None) dims = Dims{};
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

LossLayout loss_layout(const Loss& op, const Operands& io) {
  const Shape& scores = io.in(0).shape();
  const Tensor& targets = io.in(1);
  bool fits = scores.rank() >= 2 && targets.shape().rank() + 1 == scores.rank();
  for (size_t i = 0; fits && i < targets.shape().rank(); ++i) fits = targets.shape()[i] == scores[i == 0 ? 0 : i + 1];
  if (!fits) throw_error(ErrorCode::InvalidArgument, {"targets ", targets, " do not fit the input ", io.in(0)});
  const LossLayout layout{scores[0], scores[1], scores.elements(2, scores.rank())};
  if (io.has(2) && io.in(2).elements() != layout.classes) {
    throw_error(ErrorCode::InvalidArgument, {"weights are ", io.in(2), ", there are ", layout.classes, " classes"});
  }
  const int64_t losses = op.reduction == LossReduction::None ? targets.elements() : 1;
  if (io.out(0).elements() != losses) throw_error(ErrorCode::InvalidArgument, {"the loss is ", io.out(0)});
  return layout;
}

template <class T>
void compute_loss(const Loss& op, const Operands& io, const LossLayout& layout, const T* log_prob) {
  const Tensor& targets = io.in(1);
  const T* weights = widen_optional<T>(io, 2);
  const WideOutput<T> losses(io, io.out(0));
  double total = 0, total_weight = 0;
  for (int64_t i = 0; i < targets.elements(); ++i) {
    const int64_t target = integer_at(targets, i);
    T loss = 0;
    if (!op.ignore_index || target != *op.ignore_index) {
      if (target < 0 || target >= layout.classes) {
        throw_error(ErrorCode::InvalidArgument, {"target ", target, " is out of range [0, ", layout.classes, ")"});
      }
      const int64_t n = i / layout.places, d = i % layout.places;
      const T weight = weights != nullptr ? weights[target] : T{1};
      loss = -log_prob[(n * layout.classes + target) * layout.places + d] * weight;
      total_weight += static_cast<double>(weight);
    }
    total += static_cast<double>(loss);
    if (op.reduction == LossReduction::None) losses.data()[i] = loss;
  }
  if (op.reduction == LossReduction::Sum) losses.data()[0] = static_cast<T>(total);
  if (op.reduction == LossReduction::Mean) losses.data()[0] = static_cast<T>(total / total_weight);
  losses.store();
}

template void compute_loss<float>(const Loss&, const Operands&, const LossLayout&, const float*);
template void compute_loss<double>(const Loss&, const Operands&, const LossLayout&, const double*);

}  // namespace mica
