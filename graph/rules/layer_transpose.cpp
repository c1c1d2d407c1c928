// x Transpose(w)   =>   Linear(x, w) {transB = 1}     for a constant w that is not folded, as it is used beside that
#include "graph/edit.h"
#include "graph/linear_layer.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(layer_transpose, Fuse) {
  return {op("MatMul", {any("x"), any("w")}), [](Rewriter& g, const Match& m) {
            const ValueId source = matrix_before_transpose(g.graph(), m["w"]);
            if (source == ValueId::None || !is_constant(g.graph(), source)) return ValueId::None;
            auto layer = LinearLayer::of(g, g.root());
            if (!layer) return ValueId::None;
            layer->weights = source;
            layer->transposed = true;
            return layer->add(g, g.root());
          }};
}

}  // namespace mica
