#include "tests/rules/random_builder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "graph/inference.h"
#include "kernels/op.h"
#include "runtime/base/error.h"
#include "runtime/interpreter.h"
#include "tests/rules/random_graph.h"
#include "tests/rules/semantics.h"

namespace mica {
namespace {

constexpr int64_t kMaxElements = 3000;
constexpr double kMaxNumber = 1e3;

// Beyond these, differences of rounding grow without a rule being wrong.
bool is_tame(const Datum& datum) {
  if (!datum.is_tensor() || datum.tensor.elements() > kMaxElements || datum.tensor.shape().rank() > 5) return false;
  bool tame = datum.tensor.dtype() != DType::String;
  visit_dtype<float, double>(datum.tensor.dtype(), [&]<class T>() {
    tame = std::ranges::all_of(datum.tensor.as<T>(), [](T x) { return std::abs(x) <= kMaxNumber; });
  });
  return tame;
}

}  // namespace

RandomBuilder::RandomBuilder(uint32_t seed) : random_(seed) {
  constexpr std::array<int64_t, 6> kOpsets{11, 13, 17, 18, 21, 23};
  opset_ = kOpsets[draw(kOpsets.size())];
  model_.graph = std::make_unique<Graph>();
  model_.ir_version = 8;
  model_.opsets[""] = opset_;
  const std::array<Dim, 6> dims{Dim::symbol("b"), Dim::symbol("s"), Dim(1), Dim(2), Dim(3), Dim(4)};
  const auto add_input = [&](DType dtype, size_t rank) {
    Dims shape;
    while (shape.size() < rank) shape.push_back(dims[draw(dims.size())]);
    const size_t count = graph().inputs.size();
    graph().inputs.push_back(graph().add_value("x" + std::to_string(count), ValueType::tensor(dtype, shape)));
  };
  for (size_t i = 1 + draw(2); i-- > 0;) add_input(DType::F32, 2 + draw(3));
  if (chance(0.4)) add_input(DType::I64, draw(3));
  if (chance(0.3)) add_input(DType::Bool, draw(3));
  const std::vector<Datum> given = random_inputs(graph(), seed, first_dims());
  for (size_t i = 0; i < given.size(); ++i) keep(graph().inputs[i], given[i]);
}

void RandomBuilder::keep(ValueId id, Datum value) {
  values_[id] = std::move(value);
  pool_.push_back(id);
}

ValueId RandomBuilder::pick(DTypeSet types) {
  std::vector<ValueId> fitting;
  for (const ValueId id : pool_) {
    if (types.empty() || types.contains(values_.at(id).tensor.dtype())) fitting.push_back(id);
  }
  if (fitting.empty()) return ValueId::None;
  const size_t newest = std::min<size_t>(fitting.size(), chance(0.6) ? 3 : fitting.size());
  return fitting[fitting.size() - 1 - draw(newest)];
}

ValueId RandomBuilder::constant(Tensor tensor) {
  const ValueId id = graph().add_constant("", tensor);
  values_[id] = std::move(tensor);
  return id;
}

ValueId RandomBuilder::number(double value, DType dtype) {
  if (dtype != DType::F32) return integers({static_cast<int64_t>(value)});
  const Shape shape = chance(0.3) ? Shape{1} : Shape{};
  return constant(Tensor::of<float>(shape, {static_cast<float>(value)}));
}

ValueId RandomBuilder::integers(const std::vector<int64_t>& values) {
  return constant(Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, std::span(values)));
}

ValueId RandomBuilder::weights(const Shape& shape) {
  Tensor tensor(DType::F32, shape);
  for (float& x : tensor.mutable_as<float>()) x = static_cast<float>(draw(2001)) / 1000 - 1;
  return constant(std::move(tensor));
}

std::optional<std::vector<Datum>> RandomBuilder::compute(const Node& node) {
  std::vector<const Datum*> operands;
  for (const ValueId input : node.inputs) operands.push_back(input == ValueId::None ? nullptr : &values_.at(input));
  try {
    auto results = evaluate(node, operands, {&workspace_, &threads_, nullptr});
    if (std::ranges::all_of(results, is_tame)) return results;
  } catch (const Error&) {
  }
  return std::nullopt;
}

ValueId RandomBuilder::add(std::string_view op_type, std::vector<ValueId> inputs, Attributes attributes,
                           size_t outputs) {
  if (std::ranges::find(inputs, ValueId::None) != inputs.end() && !allow_absent_) return ValueId::None;
  Node node;
  node.op_type = op_type;
  node.opset = opset_;
  node.formal_inputs = inputs.size();
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  node.outputs.assign(outputs, ValueId{0});  // until they are known to be wanted
  try {
    resolve(node, operators());
  } catch (const Error&) {
    return ValueId::None;
  }
  if (node.op == nullptr || node.op->def().kernels.empty() || node.op->def().impure) return ValueId::None;
  auto results = compute(node);
  if (!results || results->size() != outputs) return ValueId::None;
  for (ValueId& output : node.outputs) output = graph().add_value("");
  const std::vector<ValueId> added = node.outputs;
  const NodeId id = graph().add_node(std::move(node));
  bool tensors = false;
  try {
    infer_node(graph(), id);
    tensors = std::ranges::all_of(added, [&](ValueId output) { return graph().value(output).type.is_tensor(); });
  } catch (const Error&) {  // not what the standard allows, though the kernel makes something of it
  }
  if (!tensors) {
    graph().remove_node(id);
    return ValueId::None;
  }
  for (size_t i = 0; i < outputs; ++i) keep(added[i], std::move((*results)[i]));
  return added[0];
}

// Mostly numbers that attributes take as axes, sizes and flags.
Attributes RandomBuilder::draw_attributes(const OpDef& def) {
  Attributes attributes;
  for (const FormalAttribute& formal : def.attributes) {
    if (!formal.required && chance(0.6)) continue;
    if (formal.name == "perm" || formal.name == "axes" || chance(0.1)) {
      std::vector<int64_t> list(1 + draw(4));
      for (size_t i = 0; i < list.size(); ++i) list[i] = static_cast<int64_t>(i);
      std::ranges::shuffle(list, random_);
      attributes[std::string(formal.name)] = std::move(list);
    } else if (chance(0.2)) {
      attributes[std::string(formal.name)] = static_cast<float>(draw(9)) / 4;
    } else {
      attributes[std::string(formal.name)] = static_cast<int64_t>(draw(5)) - 1;
    }
  }
  return attributes;
}

std::vector<ValueId> RandomBuilder::draw_inputs(const OpDef& def) {
  std::vector<ValueId> inputs;
  DTypeSet same;  // the type of the first input is often that of the others
  for (const FormalParameter& formal : def.inputs) {
    const size_t times = formal.variadic ? 1 + draw(3) : 1;
    for (size_t i = 0; i < times; ++i) {
      ValueId id = ValueId::None;
      if (!formal.optional || chance(0.5)) {
        const bool wants_numbers = !formal.types.contains(DType::F32) && formal.types.contains(DType::I64);
        if (wants_numbers && chance(0.7)) {
          std::vector<int64_t> list(1 + draw(3));
          for (int64_t& x : list) x = static_cast<int64_t>(draw(5)) - 1;
          id = integers(list);
        } else {
          const DType first = same.empty() ? DType::Undefined : values_.at(inputs[0]).tensor.dtype();
          id = pick(first != DType::Undefined && formal.types.contains(first) ? same : formal.types);
        }
      }
      inputs.push_back(id);
      if (inputs.size() == 1 && id != ValueId::None) same = DTypeSet(values_.at(id).tensor.dtype());
    }
  }
  while (!inputs.empty() && inputs.back() == ValueId::None) inputs.pop_back();
  return inputs;
}

ValueId RandomBuilder::add_any() {
  const auto entries = operators().entries();
  const OpTable::Entry& entry = entries[draw(entries.size())];
  const OpDef& def = entry.def();
  if (!entry.domain.empty() || operators().find("", entry.name, opset_) != &entry) return ValueId::None;
  if (!def.subgraphs.empty() || def.outputs.empty()) return ValueId::None;
  const size_t outputs = def.outputs[0].variadic ? 1 + draw(2) : 1;
  allow_absent_ = true;
  const ValueId result = add(entry.name, draw_inputs(def), draw_attributes(def), outputs);
  allow_absent_ = false;
  return result;
}

ValueId RandomBuilder::add_if(ValueId x) {
  const ValueId condition = pick(DType::Bool);
  if (condition == ValueId::None || x == ValueId::None || shape(condition).elements() != 1) return ValueId::None;
  Node node;
  node.op_type = "If";
  node.opset = opset_;
  node.inputs = {condition, x};
  node.formal_inputs = 1;
  for (const auto* branch : {"else_branch", "then_branch"}) {
    auto body = std::make_unique<Graph>();
    body->captures = {body->add_value("x", graph().value(x).type)};
    Node inner;
    inner.op_type = std::string(branch) == "else_branch" ? "Neg" : "Identity";
    inner.opset = opset_;
    inner.inputs = body->captures;
    inner.formal_inputs = 1;
    inner.outputs = body->outputs = {body->add_value("y")};
    resolve(inner, operators());
    body->add_node(std::move(inner));
    node.subgraphs.push_back({branch, std::move(body)});
  }
  const ValueId output = graph().add_value("");
  node.outputs = {output};
  resolve(node, operators());
  infer_node(graph(), graph().add_node(std::move(node)));
  Tensor result = values_.at(x).tensor;
  if (!values_.at(condition).tensor.as<bool>()[0]) {
    result = result.clone();
    for (float& element : result.mutable_as<float>()) element = -element;
  }
  keep(output, std::move(result));
  return output;
}

void RandomBuilder::finish() {
  std::vector<ValueId> computed;
  for (const ValueId id : pool_) {
    if (graph().value(id).producer != NodeId::None) computed.push_back(id);
  }
  if (computed.empty()) return;
  graph().outputs = {computed.back()};
  for (const ValueId id : computed) {
    if (chance(0.08) && !graph().is_output(id)) graph().outputs.push_back(id);
  }
}

}  // namespace mica
