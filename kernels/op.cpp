#include "kernels/op.h"

#include "runtime/base/error.h"

namespace mica {
namespace {

template <class T>
const T& expect(const Attribute& value, std::string_view wanted) {
  if (const T* held = std::get_if<T>(&value)) return *held;
  throw Error(ErrorCode::InvalidModel,
              "holds " + std::string(kind_name(value)) + ", the operator wants " + std::string(wanted));
}

// Some exporters write an empty list without its kind; it then arrives as an empty list of ints.
template <class T>
void assign_list(std::vector<T>& field, const Attribute& value, std::string_view wanted) {
  const auto* ints = std::get_if<std::vector<int64_t>>(&value);
  field = ints != nullptr && ints->empty() ? std::vector<T>{} : expect<std::vector<T>>(value, wanted);
}

}  // namespace

void assign_attribute(int64_t& field, const Attribute& value) {
  field = expect<int64_t>(value, "int");
}

void assign_attribute(bool& field, const Attribute& value) {
  field = expect<int64_t>(value, "int") != 0;
}

void assign_attribute(float& field, const Attribute& value) {
  field = expect<float>(value, "float");
}

void assign_attribute(DType& field, const Attribute& value) {
  const int64_t number = expect<int64_t>(value, "int");
  const auto dtype = dtype_from_onnx(number);
  if (!dtype)
    throw Error(ErrorCode::InvalidModel, "names element type " + std::to_string(number) + ", unknown to ONNX");
  field = *dtype;
}

void assign_attribute(std::string& field, const Attribute& value) {
  field = expect<std::string>(value, "string");
}

void assign_attribute(Tensor& field, const Attribute& value) {
  field = expect<Tensor>(value, "tensor");
}

void assign_attribute(ValueType& field, const Attribute& value) {
  field = expect<ValueType>(value, "type");
}

void assign_attribute(std::vector<int64_t>& field, const Attribute& value) {
  field = expect<std::vector<int64_t>>(value, "ints");
}

void assign_attribute(std::vector<float>& field, const Attribute& value) {
  assign_list(field, value, "floats");
}

void assign_attribute(std::vector<std::string>& field, const Attribute& value) {
  assign_list(field, value, "strings");
}

void assign_attribute(std::vector<Tensor>& field, const Attribute& value) {
  assign_list(field, value, "tensors");
}

OpDef* new_definition(const ParamsType& type, const void* prototype) {
  auto def = std::make_unique<OpDef>();
  def->params_type = &type;
  def->defaults = type.make(prototype);
  return def.release();
}

OpDef* add_input(OpDef* def, const FormalParameter& formal) {
  def->inputs.push_back(formal);
  return def;
}

OpDef* add_output(OpDef* def, const FormalParameter& formal) {
  def->outputs.push_back(formal);
  return def;
}

OpDef* add_input(OpDef* def, const char* name, DTypeSet types) {
  return add_input(def, {name, types});
}

OpDef* add_optional_input(OpDef* def, const char* name, DTypeSet types) {
  return add_input(def, {name, types, true});
}

OpDef* add_output(OpDef* def, const char* name) {
  return add_output(def, {name, {}});
}

OpDef* add_optional_output(OpDef* def, const char* name) {
  return add_output(def, {name, {}, true});
}

OpDef* add_attribute(OpDef* def, const char* name, bool required, size_t offset,
                     void (*assign)(void* field, const Attribute& value)) {
  def->attributes.push_back({name, required, offset, assign});
  return def;
}

OpDef* add_attribute(OpDef* def, const char* name) {
  return add_attribute(def, name, false, 0, nullptr);
}

OpDef* add_subgraph(OpDef* def, const char* name) {
  def->subgraphs.push_back(name);
  return def;
}

OpDef* set_inference(OpDef* def, void (*infer)(const void* params, InferContext& ctx)) {
  def->infer = infer;
  return def;
}

OpDef* set_inference(OpDef* def, InferRule rule) {
  def->infer = [rule](const void*, InferContext& ctx) { rule.infer(ctx, rule); };
  return def;
}

OpDef* add_view(OpDef* def, size_t output, size_t input) {
  def->views.emplace_back(output, input);
  return def;
}

OpDef* add_overwritten(OpDef* def, size_t output, size_t input) {
  def->may_overwrite.emplace_back(output, input);
  return def;
}

OpDef* add_append(OpDef* def, const OpDef::Append& append) {
  def->appends.push_back(append);
  return def;
}

OpDef* add_pitched(OpDef* def, size_t input) {
  def->pitched.push_back(input);
  return def;
}

OpDef* add_kernel(OpDef* def, const char* device, const char* name, KernelFn run, AcceptFn accepts) {
  def->kernels.push_back({.device = device, .name = name, .run = run, .accepts = accepts});
  return def;
}

OpDef* add_kernel(OpDef* def, KernelFn run) {
  return add_kernel(def, "cpu", "reference", run);
}

OpDef* set_prepack(OpDef* def, PrepackFn prepack) {
  def->kernels.back().prepack = prepack;
  return def;
}

OpDef* set_accepts(OpDef* def, AcceptFn accepts) {
  def->kernels.back().accepts = accepts;
  return def;
}

}  // namespace mica
