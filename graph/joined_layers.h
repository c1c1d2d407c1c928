// Linear layers of one input as one layer, whose columns lie beside each other: for small constants, since what is
// saved are steps, and the joined weights cannot stay in the file.
#pragma once

#include <optional>
#include <span>

#include "graph/linear_layer.h"

namespace mica {

/// The layer f(x w + b), for constants w and b, that gives a value which nobody else uses. nullopt for another value.
std::optional<LinearLayer> constant_layer(Rewriter& g, ValueId id);

/// Adds Linear(x, [w0 w1 ...], [b0 b1 ...]), named as `like` is, without the activations. None, with a refusal, when
/// the layers differ in what is multiplied, or are large.
ValueId join_layers(Rewriter& g, std::span<const LinearLayer> layers, const Node& like);

}  // namespace mica
