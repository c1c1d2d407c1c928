#include "graph/upgrade.h"

#include <algorithm>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/inference.h"
#include "runtime/base/error.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

// Optimisation hints of versions before 6, of no effect.
constexpr std::string_view kHint = "consumed_inputs";
constexpr int64_t kHintUntil = 6;

// The first step of the operator from its version on; null when there is none up to `version`.
const UpgradeStep* next_step(const Node& node, int64_t version) {
  const auto steps = upgrades();
  const auto first = std::ranges::find_if(steps, [&](const UpgradeStep& step) {
    return step.op_type == node.op_type && step.version > node.opset && step.version <= version;
  });
  return first == steps.end() ? nullptr : &*first;
}

std::string of_opset(const Node& node) {
  return node.str() + " of opset " + std::to_string(node.opset);
}

// Whether a model contradicts itself is not asked here: a branch that no run takes may well do.
void infer_quietly(Graph& graph, NodeId id) {
  try {
    infer_node(graph, id);
  } catch (const Error&) {
  }
}

void arrive(Graph& graph, NodeId id, int64_t version, const OpTable& operators) {
  Node& node = graph.node(id);
  node.opset = version;
  if (version >= kHintUntil) node.attributes.erase(std::string(kHint));
  resolve(node, operators);
  if (node.op == nullptr) {
    throw Error(ErrorCode::Unsupported, node.str() + " is not an operator of opset " + std::to_string(version));
  }
  infer_quietly(graph, id);
}

// Adds an absent input behind the formal ones; captured inputs move down.
void append_input(Graph& graph, NodeId id) {
  Node& node = graph.node(id);
  node.inputs.push_back(ValueId::None);
  for (size_t i = node.inputs.size() - 1; i > node.formal_inputs; --i) graph.set_input(id, i, node.inputs[i - 1]);
  graph.set_input(id, node.formal_inputs++, ValueId::None);
}

}  // namespace

bool Upgrade::wants(size_t i) const {
  const auto& outputs = node().outputs;
  return i < outputs.size() && outputs[i] != ValueId::None && !graph_.is_unused(outputs[i]);
}

DType Upgrade::dtype(size_t i) const {
  const DType dtype = has_input(i) ? graph_.value(node().inputs[i]).type.dtype : DType::Undefined;
  if (dtype == DType::Undefined) refuse("the type of input " + std::to_string(i) + " is not known");
  return dtype;
}

const Tensor* Upgrade::content(size_t i) const {
  if (!has_input(i)) return nullptr;
  const ValueId id = node().inputs[i];
  if (is_constant(graph_, id)) return &graph_.value(id).constant;
  const NodeId producer = graph_.value(id).producer;
  if (producer == NodeId::None || graph_.node(producer).op_type != "Constant") return nullptr;
  const Attributes& attributes = graph_.node(producer).attributes;
  const auto value = attributes.find("value");
  return value == attributes.end() ? nullptr : std::get_if<Tensor>(&value->second);
}

std::vector<int64_t> Upgrade::content_integers(size_t i) const {
  const Tensor* tensor = content(i);
  std::optional<std::vector<int64_t>> list;
  if (tensor != nullptr) {
    visit_dtype<int64_t, int32_t, float>(tensor->dtype(), [&]<class T>() {
      list.emplace();
      for (const T element : tensor->as<T>()) list->push_back(static_cast<int64_t>(element));
    });
  }
  if (!list)
    refuse("input " + std::to_string(i) + " is computed; optimised first, the model may have it as a constant");
  return *list;
}

const Dims& Upgrade::dims(size_t i) const {
  const Dims* dims = has_input(i) ? dims_of(graph_, node().inputs[i]) : nullptr;
  if (dims == nullptr) refuse("the rank of input " + std::to_string(i) + " is not known");
  return *dims;
}

void Upgrade::set(std::string_view attribute, Attribute value) {
  graph_.node(id_).attributes.insert_or_assign(std::string(attribute), std::move(value));
}

void Upgrade::set_default(std::string_view attribute, Attribute value) {
  if (!has(attribute)) set(attribute, std::move(value));
}

void Upgrade::set_input(size_t i, ValueId value) {
  while (node().formal_inputs <= i) append_input(graph_, id_);
  graph_.set_input(id_, i, value);
}

void Upgrade::truncate_outputs(size_t count) {
  for (size_t i = count; i < node().outputs.size(); ++i) {
    if (wants(i)) refuse("output " + std::to_string(i) + " is used, which later versions do not have");
    graph_.drop_output(id_, i);
  }
  auto& outputs = graph_.node(id_).outputs;
  outputs.resize(std::min(count, outputs.size()));
}

ValueId Upgrade::integers(const std::vector<int64_t>& values) {
  return constant(Tensor::of<int64_t>(Shape{static_cast<int64_t>(values.size())}, values));
}

ValueId Upgrade::scalar(DType dtype, double value) {
  ValueId id = ValueId::None;
  visit_dtype<float, double, Half, BFloat16>(dtype, [&]<class T>() {
    if constexpr (std::is_same_v<T, double>) {
      id = constant(Tensor::scalar(value));
    } else {
      id = constant(Tensor::scalar(T(static_cast<float>(value))));
    }
  });
  if (id == ValueId::None) refuse("the input is " + std::string(name(dtype)) + ", which has no such numbers");
  return id;
}

ValueId Upgrade::add(std::string_view op_type, std::vector<ValueId> inputs, Attributes attributes) {
  Node helper;
  helper.op_type = op_type;
  helper.name = node().name;
  helper.opset = version_;
  helper.attributes = std::move(attributes);
  added_.push_back(add_node(graph_, operators_, std::move(helper), std::move(inputs), {true}, Contradiction::Kept));
  return graph_.node(added_.back()).outputs[0];
}

void Upgrade::add_behind(size_t i, std::string_view op_type, std::vector<ValueId> more_inputs, Attributes attributes) {
  const ValueId before = node().outputs[i];
  const std::vector<Use> moved(graph_.uses(before).begin(), graph_.uses(before).end());
  std::vector<ValueId> inputs{before};
  inputs.insert(inputs.end(), more_inputs.begin(), more_inputs.end());
  const ValueId after = add(op_type, std::move(inputs), std::move(attributes));
  for (const Use& use : moved) graph_.set_input(use.node, use.index, after);
  const std::string name = graph_.value(before).name;
  graph_.rename(before, "");
  graph_.rename(after, name);
  graph_.outputs.replace(before, after);
}

void Upgrade::refuse(const std::string& why) const {
  throw Error(ErrorCode::Unsupported,
              node().str() + " cannot be raised to opset " + std::to_string(version_) + ": " + why);
}

void upgrade(Graph& graph, NodeId id, int64_t version, const OpTable& operators) {
  std::vector<NodeId> waiting{id};
  while (!waiting.empty()) {
    id = waiting.back();
    waiting.pop_back();
    const Node& node = graph.node(id);
    if (node.opset > version) {
      throw Error(ErrorCode::Unsupported,
                  of_opset(node) + " cannot become one of " + std::to_string(version) + ": operators are raised only");
    }
    if (node.op == nullptr) {
      throw Error(ErrorCode::Unsupported, of_opset(node) + " cannot be raised: this build does not know it");
    }
    while (const UpgradeStep* step = next_step(graph.node(id), version)) {
      Upgrade u(graph, id, step->version, operators);
      step->apply(u);
      graph.node(id).opset = step->version;
      waiting.insert(waiting.end(), u.added().begin(), u.added().end());
    }
    arrive(graph, id, version, operators);
  }
}

}  // namespace mica
