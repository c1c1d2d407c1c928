// RotaryEmbedding(Transpose(x))   =>   Transpose(RotaryEmbedding(x) with the number of heads)
// where x is [batch, length, heads, width]: then the Transpose meets the operator that wants the heads in front.
#include "graph/facts.h"
#include "graph/rule.h"

namespace mica {

MICA_RULE(rotary_heads, Block) {
  const Pattern turned = op("Transpose", {any("x")}).as("transpose");
  return {op("RotaryEmbedding", {turned, any("cos"), any("sin")}).with_more_inputs(), [](Rewriter& g, const Match& m) {
            const auto perm = permutation(g.graph(), g.node("transpose"));
            const Dims* dims = dims_of(g.graph(), m["x"]);
            if (!perm || *perm != std::vector<int64_t>{0, 2, 1, 3} || dims == nullptr || dims->size() != 4) {
              return ValueId::None;
            }
            if (!(*dims)[2].is_constant() || !(*dims)[3].is_constant()) return g.refuse("the heads are not known");
            const int64_t heads = (*dims)[2].value(), width = (*dims)[3].value();
            const auto shape = [&g](std::initializer_list<int64_t> dims) {
              return g.add_constant(Tensor::of<int64_t>({static_cast<int64_t>(dims.size())}, dims));
            };
            const Node& root = g.root();
            std::vector<ValueId> inputs(root.inputs.begin(),
                                        root.inputs.begin() + static_cast<std::ptrdiff_t>(root.formal_inputs));
            Attributes attributes = root.attributes;
            attributes.insert_or_assign("num_heads", heads);
            inputs[0] = g.add("Reshape", 5, {m["x"], shape({0, 0, heads * width})});
            const ValueId rotated = g.add("RotaryEmbedding", 23, inputs, attributes);
            if (rotated == ValueId::None) return rotated;
            const ValueId parted = g.add("Reshape", 5, {rotated, shape({0, 0, heads, width})});
            return g.add("Transpose", 1, {parted}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
          }};
}

}  // namespace mica
