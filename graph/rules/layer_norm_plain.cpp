// d / sqrt(mean(d^2) + epsilon) + bias,  d = x - mean(x)   =>   LayerNormalization(x, 1, bias)     with or without bias
// what is left of a norm that has no scale, or one of 1.
#include "graph/rule.h"
#include "graph/rules/norm.h"

namespace mica {

MICA_RULE(layer_norm_plain, Block) {
  std::vector<Pattern> spellings;
  for (const Pattern& normalised : layer_normalised()) {
    spellings.push_back(normalised + any("bias"));
    spellings.push_back(normalised);
  }
  return {spellings, fuse_layer_norm, true};
}

}  // namespace mica
