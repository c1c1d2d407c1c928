// Puts the channels of images behind their spatial axes, where convolutions are fastest, through all operators between
// them that can do with it. What needs images as they were gets transposes.
#include "graph/channels_last.h"

#include "graph/edit.h"
#include "graph/passes/pass.h"

namespace mica {

size_t channels_last(PassContext& context) {
  size_t rewritten = 0;
  for_each_graph(*context.model.graph, [&](Graph& graph) {
    ChannelsLast layout(graph, context.operators);
    for (const NodeId id : graph.order()) {
      const ChannelsLastRewrite rewrite = graph.node(id).alive ? channels_last_rewrite(graph.node(id)) : nullptr;
      if (rewrite != nullptr && rewrite(layout, id)) ++rewritten;
    }
  });
  return rewritten;
}

}  // namespace mica
