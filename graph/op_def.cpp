#include "graph/op_def.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "graph/graph.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mica {
namespace {

auto key(const OpTable::Entry& entry) {
  return std::tuple<std::string_view, std::string_view, int64_t>(entry.domain, entry.name, entry.since);
}

// How many arguments the formal parameters take.
struct Arity {
  size_t minimum = 0, maximum = 0;
};

Arity arity(const std::vector<FormalParameter>& formals) {
  Arity arity;
  for (const FormalParameter& formal : formals) {
    if (formal.variadic) {
      arity.minimum = std::max(arity.minimum, arity.maximum + (formal.optional ? 0 : formal.minimum));
      arity.maximum = SIZE_MAX;
      break;
    }
    ++arity.maximum;
    if (!formal.optional) arity.minimum = arity.maximum;
  }
  return arity;
}

void check_arity(const std::vector<FormalParameter>& formals, size_t count, std::string_view what) {
  const Arity takes = arity(formals);
  if (count >= takes.minimum && count <= takes.maximum) return;
  std::string wanted = std::to_string(takes.minimum);
  if (takes.maximum == SIZE_MAX) {
    wanted += " or more";
  } else if (takes.maximum != takes.minimum) {
    wanted += " to " + std::to_string(takes.maximum);
  }
  throw Error(ErrorCode::InvalidModel,
              "has " + std::to_string(count) + " " + std::string(what) + ", the operator takes " + wanted);
}

}  // namespace

OpTable::OpTable(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::ranges::sort(entries_, [](const Entry& a, const Entry& b) { return key(a) < key(b); });
}

const OpTable::Entry* OpTable::find(std::string_view domain, std::string_view name, int64_t opset) const {
  const std::tuple<std::string_view, std::string_view, int64_t> wanted(domain, name, opset);
  auto it = std::ranges::upper_bound(entries_, wanted, std::less<>(), key);
  if (it == entries_.begin()) return nullptr;
  --it;
  return it->domain == domain && it->name == name ? &*it : nullptr;
}

std::string OpTable::nearest(std::string_view domain, std::string_view name) const {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries_) {
    if (entry.domain == domain) names.push_back(entry.name);
  }
  return nearest_name(name, names);
}

void resolve(Node& node, const OpTable& operators) {
  node.op = operators.find(node.domain, node.op_type, node.opset);
  if (node.op == nullptr) return;
  const OpDef& def = node.op->def;
  size_t inputs = node.formal_inputs;
  while (inputs > 0 && node.inputs[inputs - 1] == ValueId::None) --inputs;
  size_t outputs = node.outputs.size();
  while (outputs > 0 && node.outputs[outputs - 1] == ValueId::None) --outputs;
  check_arity(def.inputs, inputs, "inputs");
  check_arity(def.outputs, outputs, "outputs");
  for (size_t i = 0; i < def.inputs.size() && !def.inputs[i].variadic; ++i) {
    if (def.inputs[i].optional || (i < inputs && node.inputs[i] != ValueId::None)) continue;
    throw Error(ErrorCode::InvalidModel, "input \"" + def.inputs[i].name + "\" is missing");
  }
  std::vector<std::string_view> subgraphs;
  for (const Subgraph& sub : node.subgraphs) subgraphs.push_back(sub.name);
  node.params = def.make_params(
      node.attributes, {node.domain, node.opset, node.formal_inputs, node.outputs.size(), std::move(subgraphs)});
}

}  // namespace mica
