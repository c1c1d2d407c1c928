#include "graph/scoped_names.h"

namespace mica {

ScopedNames::ScopedNames(const Graph& graph, const ScopedNames* outer, const Node* node)
    : outer_(outer), names_(graph.value_count()) {
  for (size_t i = 0; outer != nullptr && i < graph.captures.size(); ++i) {
    if (graph.captures[i] == ValueId::None) continue;
    names_[static_cast<size_t>(graph.captures[i])] = (*outer)[node->inputs[node->formal_inputs + i]];
  }
  for (size_t i = 0; i < names_.size(); ++i) {
    if (names_[i].empty()) names_[i] = unused(graph.value(ValueId{static_cast<uint32_t>(i)}).name);
  }
}

std::string ScopedNames::unused(std::string_view wanted) {
  std::string name(wanted);
  for (size_t n = 1; is_taken(name); ++n) name = std::string(wanted) + "." + std::to_string(n);
  taken_.insert(name);
  return name;
}

bool ScopedNames::is_taken(const std::string& name) const {
  return taken_.contains(name) || (outer_ != nullptr && outer_->is_taken(name));
}

}  // namespace mica
