#include "kernels/op.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

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

void assign_attributes(std::span<const FormalAttribute> formals, const Attributes& attributes, void* params) {
  for (const auto& [name, value] : attributes) {
    const auto formal = std::ranges::find(formals, name, &FormalAttribute::name);
    if (formal == formals.end()) {
      std::vector<std::string_view> names;
      for (const FormalAttribute& known : formals) names.push_back(known.name);
      const std::string near = nearest_name(name, names);
      throw Error(ErrorCode::InvalidModel, "attribute \"" + name + "\" is unknown to the operator" +
                                               (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    }
    try {
      formal->assign(params, value);
    } catch (const Error& error) {
      throw Error(error.code(), "attribute \"" + name + "\" " + error.message());
    }
  }
  for (const FormalAttribute& formal : formals) {
    if (formal.required && !attributes.contains(formal.name)) {
      throw Error(ErrorCode::InvalidModel, "attribute \"" + formal.name + "\" is missing");
    }
  }
}

}  // namespace mica
