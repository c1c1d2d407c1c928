// What rules of norms share.
#pragma once

#include <vector>

#include "graph/pattern.h"
#include "graph/rewriter.h"

namespace mica {

/// d / sqrt(mean(d^2) + epsilon), d = x - mean(x), and x / sqrt(mean(x^2) + epsilon): of x itself, and of half
/// precision that is computed as float in between.
std::vector<Pattern> layer_normalised();
std::vector<Pattern> rms_normalised();

/// LayerNormalization and RMSNormalization of a match of these, with the scale and bias that are matched under these
/// names. Without a scale it is 1.
ValueId fuse_layer_norm(Rewriter& g, const Match& m);
ValueId fuse_rms_norm(Rewriter& g, const Match& m);

}  // namespace mica
