#include "graph/op_def.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "graph/graph.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mica {
namespace {

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

void assign_attributes(std::span<const FormalAttribute> formals, const Attributes& attributes, void* params) {
  for (const auto& [name, value] : attributes) {
    const auto formal = std::ranges::find(formals, std::string_view(name), &FormalAttribute::name);
    if (formal == formals.end()) {
      std::vector<std::string_view> names;
      for (const FormalAttribute& known : formals) names.push_back(known.name);
      const std::string near = nearest_name(name, names);
      throw Error(ErrorCode::InvalidModel, "attribute \"" + name + "\" is unknown to the operator" +
                                               (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    }
    if (formal->assign == nullptr) continue;
    try {
      formal->assign(static_cast<std::byte*>(params) + formal->offset, value);
    } catch (const Error& error) {
      throw Error(error.code(), "attribute \"" + name + "\" " + error.message());
    }
  }
  for (const FormalAttribute& formal : formals) {
    if (formal.required && !attributes.contains(formal.name)) {
      throw Error(ErrorCode::InvalidModel, "attribute \"" + std::string(formal.name) + "\" is missing");
    }
  }
}

struct FreeMemory {
  void operator()(void* memory) const { ::operator delete(memory); }
};

struct DestroyParams {
  const ParamsType* type;

  void operator()(void* params) const {
    if (type->destroy != nullptr) type->destroy(params);
    ::operator delete(params);
  }
};

}  // namespace

std::shared_ptr<void> ParamsType::make(const void* from) const {
  std::unique_ptr<void, FreeMemory> memory(::operator new(size));
  if (from == nullptr) {
    construct(memory.get());
  } else if (copy != nullptr) {
    copy(memory.get(), from);
  } else {
    std::memcpy(memory.get(), from, size);
  }
  return {memory.release(), DestroyParams{this}};
}

Params OpDef::make_params(const Attributes& given, const NodeFacts& facts) const {
  std::shared_ptr<void> params;
  if (params_type != nullptr) params = params_type->make(defaults.get());
  assign_attributes(attributes, given, params.get());
  if (prepare != nullptr) prepare(params.get(), facts);
  return params;
}

const OpDef& OpTable::Entry::def() const {
  const OpDef* made = made_.load(std::memory_order_acquire);
  if (made != nullptr) return *made;
  std::unique_ptr<const OpDef> fresh(define());
  return made_.compare_exchange_strong(made, fresh.get(), std::memory_order_acq_rel) ? *fresh.release() : *made;
}

OpTable::OpTable(std::span<const Operator> operators)
    : count_(operators.size()), entries_(new Entry[operators.size()]) {
  for (size_t i = 0; i < count_; ++i) static_cast<Operator&>(entries_[i]) = operators[i];
}

const OpTable::Entry* OpTable::find(std::string_view domain, std::string_view name, int64_t opset) const {
  const Operator wanted{domain, name, opset, nullptr};
  const auto all = entries();
  auto it = std::ranges::upper_bound(all, wanted, Operator::before);
  if (it == all.begin()) return nullptr;
  --it;
  return it->domain == domain && it->name == name ? &*it : nullptr;
}

std::string OpTable::nearest(std::string_view domain, std::string_view name) const {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries()) {
    if (entry.domain == domain) names.push_back(entry.name);
  }
  return nearest_name(name, names);
}

void resolve(Node& node, const OpTable& operators) {
  node.op = operators.find(node.domain, node.op_type, node.opset);
  if (node.op == nullptr) return;
  const OpDef& def = node.op->def();
  size_t inputs = node.formal_inputs;
  while (inputs > 0 && node.inputs[inputs - 1] == ValueId::None) --inputs;
  size_t outputs = node.outputs.size();
  while (outputs > 0 && node.outputs[outputs - 1] == ValueId::None) --outputs;
  check_arity(def.inputs, inputs, "inputs");
  check_arity(def.outputs, outputs, "outputs");
  for (size_t i = 0; i < def.inputs.size() && !def.inputs[i].variadic; ++i) {
    if (def.inputs[i].optional || (i < inputs && node.inputs[i] != ValueId::None)) continue;
    throw Error(ErrorCode::InvalidModel, "input \"" + std::string(def.inputs[i].name) + "\" is missing");
  }
  std::vector<std::string_view> subgraphs;
  for (const Subgraph& sub : node.subgraphs) subgraphs.push_back(sub.name);
  node.params = def.make_params(
      node.attributes, {node.domain, node.opset, node.formal_inputs, node.outputs.size(), std::move(subgraphs)});
}

}  // namespace mica
