// x / sqrt(mean(x^2) + epsilon) * scale   =>   RMSNormalization(x, scale)
// Half precision is normalised as float and scaled as it is: Cast(f / sqrt(mean(f^2) + epsilon)) * scale, f = Cast(x).
#include "graph/rule.h"
#include "graph/rules/norm.h"

namespace mica {

MICA_RULE(rms_norm, Fuse) {
  std::vector<Pattern> spellings;
  for (const Pattern& normalised : rms_normalised()) spellings.push_back(normalised * any("scale"));
  return {spellings, fuse_rms_norm, true};
}

}  // namespace mica
