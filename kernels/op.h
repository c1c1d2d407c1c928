// How an operator is defined: the builder and the macro that the build collects.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "graph/op_def.h"
#include "kernels/infer_rules.h"
#include "kernels/operands.h"

/// Defines an operator from version `since` of a domain on: MICA_OP(Softmax, 13) { return op<Softmax>()...; }.
/// The domain is ai.onnx unless a third argument names another: MICA_OP(BiasGelu, 1, com_microsoft), with `_` for `.`.
/// The build finds these lines in *.op.cpp and makes the table `operators()` of them: no list is kept by hand.
/// They stand directly in namespace mica.
#define MICA_OP(operator_name, since, ...) [[gnu::cold]] OpDef* mica_op_##__VA_ARGS__##_##operator_name##_##since()

namespace mica {

/// All operators of this build.
const OpTable& operators();

/// Puts an attribute into a field of a parameter struct; throws InvalidModel when it has another kind.
void assign_attribute(int64_t& field, const Attribute& value);
void assign_attribute(bool& field, const Attribute& value);  ///< from an int
void assign_attribute(float& field, const Attribute& value);
void assign_attribute(DType& field, const Attribute& value);  ///< from an int, a TensorProto.DataType
void assign_attribute(std::string& field, const Attribute& value);
void assign_attribute(Tensor& field, const Attribute& value);
void assign_attribute(ValueType& field, const Attribute& value);
void assign_attribute(std::vector<int64_t>& field, const Attribute& value);
void assign_attribute(std::vector<float>& field, const Attribute& value);
void assign_attribute(std::vector<std::string>& field, const Attribute& value);
void assign_attribute(std::vector<Tensor>& field, const Attribute& value);
template <class T>
void assign_attribute(std::optional<T>& field, const Attribute& value) {
  assign_attribute(field.emplace(), value);
}

template <class Field>
void assign_field(void* field, const Attribute& value) {
  assign_attribute(*static_cast<Field*>(field), value);
}

template <class T>
constexpr ParamsType make_params_type() {
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  ParamsType type{.size = sizeof(T)};
  if constexpr (std::is_default_constructible_v<T>) type.construct = [](void* place) { new (place) T{}; };
  if constexpr (!std::is_trivially_copyable_v<T>) {
    type.copy = [](void* place, const void* from) { new (place) T(*static_cast<const T*>(from)); };
    type.destroy = [](void* params) { static_cast<T*>(params)->~T(); };
  }
  return type;
}

/// What OpDef says of parameters that are a `T`.
template <class T>
inline constexpr ParamsType kParamsType = make_params_type<T>();

// What the builder does to a definition. Each gives back the definition it was given, so that a chain of calls, of
// which there are hundreds, is that and nothing else.
OpDef* new_definition(const ParamsType& type, const void* prototype);
OpDef* add_input(OpDef* def, const FormalParameter& formal);
OpDef* add_output(OpDef* def, const FormalParameter& formal);
OpDef* add_input(OpDef* def, const char* name, DTypeSet types);
OpDef* add_optional_input(OpDef* def, const char* name, DTypeSet types);
OpDef* add_output(OpDef* def, const char* name);
OpDef* add_optional_output(OpDef* def, const char* name);
OpDef* add_attribute(OpDef* def, const char* name, bool required, size_t offset,
                     void (*assign)(void* field, const Attribute& value));
OpDef* add_attribute(OpDef* def, const char* name);  ///< one that is ignored
OpDef* add_subgraph(OpDef* def, const char* name);
OpDef* set_inference(OpDef* def, void (*infer)(const void* params, InferContext& ctx));
OpDef* set_inference(OpDef* def, InferRule rule);
OpDef* add_view(OpDef* def, size_t output, size_t input);
OpDef* add_overwritten(OpDef* def, size_t output, size_t input);
OpDef* add_append(OpDef* def, const OpDef::Append& append);
OpDef* add_pitched(OpDef* def, size_t input);
OpDef* add_kernel(OpDef* def, const char* device, const char* name, KernelFn run, AcceptFn accepts = nullptr);
OpDef* add_kernel(OpDef* def, KernelFn run);  ///< the reference
OpDef* set_prepack(OpDef* def, PrepackFn prepack);
OpDef* set_accepts(OpDef* def, AcceptFn accepts);

/// For operators without attributes.
struct NoParams {};

/// Builds an OpDef whose parameters are a `T`. Attributes and defaults are T's fields; a prototype may set them
/// differently for one version of the operator. It is a handle of the definition, which whoever converts it owns.
template <class T>
class OpBuilder {
 public:
  explicit OpBuilder(OpDef* def) : def_(def) {}

  // Names are literals: definitions refer to them.
  OpBuilder input(const char* name, DTypeSet types = {}) const { return OpBuilder(add_input(def_, name, types)); }
  OpBuilder optional_input(const char* name, DTypeSet types = {}) const {
    return OpBuilder(add_optional_input(def_, name, types));
  }
  /// The last input, given any number of times but at least `minimum`.
  OpBuilder variadic_input(const char* name, DTypeSet types = {}, size_t minimum = 1) const {
    return OpBuilder(add_input(def_, {name, types, minimum == 0, true, minimum}));
  }
  OpBuilder output(const char* name) const { return OpBuilder(add_output(def_, name)); }
  OpBuilder optional_output(const char* name) const { return OpBuilder(add_optional_output(def_, name)); }
  OpBuilder variadic_output(const char* name, size_t minimum = 1) const {
    return OpBuilder(add_output(def_, {name, {}, minimum == 0, true, minimum}));
  }

  template <class Owner, class Field>
  OpBuilder attribute(const char* name, Field Owner::*field, bool required = false) const {
    const T* params = static_cast<const T*>(def_->defaults.get());
    const auto* place = reinterpret_cast<const std::byte*>(&(params->*field));
    const auto offset = static_cast<size_t>(place - reinterpret_cast<const std::byte*>(params));
    return OpBuilder(add_attribute(def_, name, required, offset, assign_field<Field>));
  }
  template <class Owner, class Field>
  OpBuilder required(const char* name, Field Owner::*field) const {
    return attribute(name, field, true);
  }
  /// An attribute of the standard that changes nothing at inference.
  OpBuilder ignored_attribute(const char* name) const { return OpBuilder(add_attribute(def_, name)); }
  OpBuilder subgraph(const char* name) const { return OpBuilder(add_subgraph(def_, name)); }
  /// Completes and checks the parameters once the attributes are in: void prepare(T&, const NodeFacts&).
  template <auto fn>
  OpBuilder prepare() const {
    def_->prepare = [](void* params, const NodeFacts& facts) { fn(*static_cast<T*>(params), facts); };
    return *this;
  }

  /// void infer(const T&, InferContext&), or without parameters void infer(InferContext&).
  template <auto fn>
  OpBuilder infer() const {
    return OpBuilder(set_inference(def_, [](const void* params, InferContext& ctx) {
      if constexpr (std::is_invocable_v<decltype(fn), InferContext&>) {
        fn(ctx);
      } else {
        fn(*static_cast<const T*>(params), ctx);
      }
    }));
  }
  /// Dim flops(const T&, const OperandDims&), or without parameters a rule from flop_rules.h.
  template <auto fn>
  OpBuilder flops() const {
    def_->flops = [](const void* params, const OperandDims& dims) -> Dim {
      if constexpr (std::is_invocable_v<decltype(fn), const OperandDims&>) {
        return fn(dims);
      } else {
        return fn(*static_cast<const T*>(params), dims);
      }
    };
    return *this;
  }

  /// A rule from infer_rules.h.
  OpBuilder infer(InferRule rule) const { return OpBuilder(set_inference(def_, rule)); }

  /// The output is the input's memory under another shape: the executor aliases them and the kernel is not run. The
  /// kernel, needed where they cannot be aliased, copies (`copy_input` in kernels/shape/copy.h).
  OpBuilder view(size_t output, size_t input) const { return OpBuilder(add_view(def_, output, input)); }
  /// The kernel allows the output to be the very memory of the input (same element width and number of elements).
  OpBuilder may_overwrite(size_t output, size_t input) const { return OpBuilder(add_overwritten(def_, output, input)); }
  /// The output is the input, lengthened along the axis that `int64_t axis(const T&)` tells, and may share its memory:
  /// see OpDef::Append. The kernel finds both at the same address then, and honours their pitch.
  template <auto axis>
  OpBuilder appends(size_t output, size_t input) const {
    return OpBuilder(
        add_append(def_, {output, input, [](const void* params) { return axis(*static_cast<const T*>(params)); }}));
  }
  /// The kernels honour the pitch of this input, along its last axis but one.
  OpBuilder pitched(size_t input) const { return OpBuilder(add_pitched(def_, input)); }
  OpBuilder elementwise() const {
    def_->elementwise = true;
    return *this;
  }
  OpBuilder data_dependent() const {
    def_->data_dependent = true;
    return *this;
  }
  OpBuilder impure() const {
    def_->impure = true;
    return *this;
  }

  /// void run(const T&, const Operands&)
  template <auto fn>
  OpBuilder cpu() const {
    return OpBuilder(add_kernel(def_, run_with_params<fn>));
  }
  template <auto fn>
  OpBuilder cpu(const char* name) const {
    return OpBuilder(add_kernel(def_, "cpu", name, run_with_params<fn>));
  }
  /// For the kernel given last: std::shared_ptr<...> prepack(const T&, const ConstantOperands&).
  template <auto fn>
  OpBuilder prepack() const {
    return OpBuilder(set_prepack(def_, [](const void* params, const ConstantOperands& io) {
      return std::shared_ptr<const void>(fn(*static_cast<const T*>(params), io));
    }));
  }
  /// For the kernel given last: std::string accepts(const T&, std::span<const ValueType>), a reason against, or "".
  template <auto fn>
  OpBuilder accepts() const {
    return OpBuilder(set_accepts(def_, [](const void* params, std::span<const ValueType> inputs) {
      return std::string(fn(*static_cast<const T*>(params), inputs));
    }));
  }

  operator OpDef*() const { return def_; }

 private:
  template <auto fn>
  static void run_with_params(const void* params, const Operands& io) {
    fn(*static_cast<const T*>(params), io);
  }

  OpDef* def_;
};

template <class T = NoParams>
OpBuilder<T> op() {
  return OpBuilder<T>(new_definition(kParamsType<T>, nullptr));
}
template <class T>
OpBuilder<T> op(const T& prototype) {
  return OpBuilder<T>(new_definition(kParamsType<T>, &prototype));
}

}  // namespace mica
