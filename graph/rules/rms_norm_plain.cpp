// x / sqrt(mean(x^2) + epsilon)   =>   RMSNormalization(x, 1)     what is left of a norm that has no scale, or one of 1
#include "graph/rule.h"
#include "graph/rules/norm.h"

namespace mica {

MICA_RULE(rms_norm_plain, Block) {
  return {rms_normalised(), fuse_rms_norm, true};
}

}  // namespace mica
