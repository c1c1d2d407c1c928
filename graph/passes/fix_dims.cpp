#include <optional>

#include "graph/edit.h"
#include "graph/passes/pass.h"

namespace mica {

size_t fix_dims(PassContext& context) {
  const SymbolValues& values = context.options.dims;
  if (values.empty()) return 0;
  size_t fixed = 0;
  for_each_graph(*context.model.graph, [&](Graph& graph) {
    for (uint32_t i = 0; i < graph.value_count(); ++i) {
      std::optional<Dims>& dims = graph.value(ValueId{i}).type.dims;
      if (!dims) continue;
      for (Dim& dim : *dims) {
        if (dim.is_constant()) continue;
        Dim fixed_dim = substitute(dim, values);
        if (fixed_dim == dim) continue;
        dim = fixed_dim;
        ++fixed;
      }
    }
  });
  return fixed;
}

}  // namespace mica
