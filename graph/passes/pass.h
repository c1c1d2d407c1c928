// Whole-graph passes. Each works on the graph of the model and on all graphs inside it, and returns how much it
// changed.
#pragma once

#include "graph/pipeline.h"

namespace mica {

struct PassContext {
  GraphModel& model;
  const OpTable& operators;
  const Evaluator& evaluate;
  const PipelineOptions& options;
  Notes& notes;
  double folding_seconds = 0;  ///< spent by fold_constants so far
  bool folds_all = false;      ///< no rule is to come that has a use for a Transpose of a large constant
};

/// Makes the symbolic dims that the options name numbers, in all types.
size_t fix_dims(PassContext& context);
/// Infers types and contents. Nothing that is computed changes.
size_t infer(PassContext& context);
/// Computes what does not depend on the model's inputs.
size_t fold_constants(PassContext& context);
/// Puts the branch that is taken in the place of an If whose condition is constant.
size_t inline_if(PassContext& context);
/// Drops initial states of recurrent operators that are 0, as absent ones are.
size_t drop_zero_states(PassContext& context);
/// Makes one of integer tensors that are known to hold the same.
size_t share_known(PassContext& context);
/// Makes one product of the products of a value with several constant weights, where that leaves fewer nodes.
size_t join_products(PassContext& context);
/// Puts the channels of images last, for this engine's convolutions.
size_t channels_last(PassContext& context);
/// Makes one node of elementwise operators that follow one another, for this engine alone.
size_t fuse_elementwise(PassContext& context);
/// Removes nodes, initializers, optional outputs and captures that nobody uses.
size_t eliminate_dead(PassContext& context);
/// Makes one of equal constants, and of nodes that compute the same.
size_t eliminate_common(PassContext& context);

}  // namespace mica
