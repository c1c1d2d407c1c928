#include "graph/inference.h"
#include "graph/passes/pass.h"

namespace mica {

size_t infer(PassContext& context) {
  infer_types(*context.model.graph);
  return 0;
}

}  // namespace mica
