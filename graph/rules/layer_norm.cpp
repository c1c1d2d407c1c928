// d / sqrt(mean(d^2) + epsilon) * scale + bias,  d = x - mean(x)   =>   LayerNormalization(x, scale, bias)
// Half precision may be normalised as float and scaled as it is. Two norms of one x may share what they have in common.
#include "graph/rule.h"
#include "graph/rules/norm.h"

namespace mica {

MICA_RULE(layer_norm, Fuse) {
  std::vector<Pattern> spellings;
  for (const Pattern& normalised : layer_normalised()) {
    spellings.push_back(normalised * any("scale") + any("bias"));
    spellings.push_back(normalised * any("scale"));
  }
  return {spellings, fuse_layer_norm, true};
}

}  // namespace mica
