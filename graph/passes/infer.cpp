#include "graph/inference.h"
#include "graph/passes/pass.h"

namespace mica {

size_t infer(PassContext& context) {
  return infer_types(*context.model.graph);
}

}  // namespace mica
