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

void add_parameter(std::vector<FormalParameter>& list, FormalParameter formal) {
  list.push_back(formal);
}

void add_attribute(OpDef& def, FormalAttribute formal) {
  def.attributes.push_back(formal);
}

void add_kernel(OpDef& def, std::string_view name, KernelFn run) {
  def.kernels.push_back({"cpu", name, run});
}

void add_pair(std::vector<std::pair<size_t, size_t>>& list, size_t output, size_t input) {
  list.emplace_back(output, input);
}

}  // namespace mica
