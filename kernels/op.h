// How an operator is defined: the builder and the macro that the build collects.
#pragma once

#include <cstddef>
#include <memory>
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
#define MICA_OP(operator_name, since, ...) [[gnu::cold]] OpDef mica_op_##__VA_ARGS__##_##operator_name##_##since()

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

// What the builder does to a definition, out of line: there are hundreds of operators.
void add_parameter(std::vector<FormalParameter>& list, FormalParameter formal);
void add_attribute(OpDef& def, FormalAttribute formal);
void add_kernel(OpDef& def, std::string_view name, KernelFn run);
void add_pair(std::vector<std::pair<size_t, size_t>>& list, size_t output, size_t input);

/// For operators without attributes.
struct NoParams {};

/// Builds an OpDef whose parameters are a `T`. Attributes and defaults are T's fields; `prototype` may set them
/// differently for one version of the operator.
template <class T>
class OpBuilder {
 public:
  explicit OpBuilder(T prototype) : prototype_(std::move(prototype)) {}

  // Names are literals: definitions refer to them.
  OpBuilder& input(const char* name, DTypeSet types = {}) { return add(def_.inputs, {name, types}); }
  OpBuilder& optional_input(const char* name, DTypeSet types = {}) { return add(def_.inputs, {name, types, true}); }
  /// The last input, given any number of times but at least `minimum`.
  OpBuilder& variadic_input(const char* name, DTypeSet types = {}, size_t minimum = 1) {
    return add(def_.inputs, {name, types, minimum == 0, true, minimum});
  }
  OpBuilder& output(const char* name) { return add(def_.outputs, {name, {}}); }
  OpBuilder& optional_output(const char* name) { return add(def_.outputs, {name, {}, true}); }
  OpBuilder& variadic_output(const char* name, size_t minimum = 1) {
    return add(def_.outputs, {name, {}, minimum == 0, true, minimum});
  }

  template <class Owner, class Field>
  OpBuilder& attribute(const char* name, Field Owner::*field, bool required = false) {
    const auto* start = reinterpret_cast<const std::byte*>(&prototype_);
    const auto* place = reinterpret_cast<const std::byte*>(&(prototype_.*field));
    add_attribute(def_, {name, required, static_cast<size_t>(place - start), assign_field<Field>});
    return *this;
  }
  template <class Owner, class Field>
  OpBuilder& required(const char* name, Field Owner::*field) {
    return attribute(name, field, true);
  }
  /// An attribute of the standard that changes nothing at inference.
  OpBuilder& ignored_attribute(const char* name) {
    add_attribute(def_, {name});
    return *this;
  }
  OpBuilder& subgraph(std::string_view name) {
    def_.subgraphs.push_back(name);
    return *this;
  }
  /// Completes and checks the parameters once the attributes are in: void prepare(T&, const NodeFacts&).
  template <auto fn>
  OpBuilder& prepare() {
    def_.prepare = [](void* params, const NodeFacts& facts) { fn(*static_cast<T*>(params), facts); };
    return *this;
  }

  /// void infer(const T&, InferContext&)
  template <auto fn>
  OpBuilder& infer() {
    def_.infer = [](const void* params, InferContext& ctx) { fn(*static_cast<const T*>(params), ctx); };
    return *this;
  }
  /// Dim flops(const T&, const OperandDims&), or without parameters a rule from flop_rules.h.
  template <auto fn>
  OpBuilder& flops() {
    def_.flops = [](const void* params, const OperandDims& dims) -> Dim {
      if constexpr (std::is_invocable_v<decltype(fn), const OperandDims&>) {
        return fn(dims);
      } else {
        return fn(*static_cast<const T*>(params), dims);
      }
    };
    return *this;
  }

  /// A rule from infer_rules.h that needs no parameters.
  OpBuilder& infer(InferRule rule) {
    def_.infer = [rule = std::move(rule)](const void*, InferContext& ctx) { rule(ctx); };
    return *this;
  }

  /// The output is the input's memory under another shape: the executor aliases them and the kernel is not run. The
  /// kernel, needed where they cannot be aliased, copies (`copy_input` in kernels/shape/copy.h).
  OpBuilder& view(size_t output, size_t input) { return pair(def_.views, output, input); }
  /// The kernel allows the output to be the very memory of the input (same element width and number of elements).
  OpBuilder& may_overwrite(size_t output, size_t input) { return pair(def_.may_overwrite, output, input); }
  /// The output is the input, lengthened along the axis that `int64_t axis(const T&)` tells, and may share its memory:
  /// see OpDef::Append. The kernel finds both at the same address then, and honours their pitch.
  template <auto axis>
  OpBuilder& appends(size_t output, size_t input) {
    def_.appends.push_back({output, input, [](const void* params) { return axis(*static_cast<const T*>(params)); }});
    return *this;
  }
  /// The kernels honour the pitch of this input, along its last axis but one.
  OpBuilder& pitched(size_t input) {
    def_.pitched.push_back(input);
    return *this;
  }
  OpBuilder& elementwise() {
    def_.elementwise = true;
    return *this;
  }
  OpBuilder& data_dependent() {
    def_.data_dependent = true;
    return *this;
  }
  OpBuilder& impure() {
    def_.impure = true;
    return *this;
  }

  /// void run(const T&, const Operands&)
  template <auto fn>
  OpBuilder& cpu(std::string_view name = "reference") {
    add_kernel(def_, name, [](const void* params, const Operands& io) { fn(*static_cast<const T*>(params), io); });
    return *this;
  }
  /// For the kernel given last: std::shared_ptr<...> prepack(const T&, const ConstantOperands&).
  template <auto fn>
  OpBuilder& prepack() {
    def_.kernels.back().prepack = [](const void* params, const ConstantOperands& io) {
      return std::shared_ptr<const void>(fn(*static_cast<const T*>(params), io));
    };
    return *this;
  }
  /// For the kernel given last: std::string accepts(const T&, std::span<const ValueType>), a reason against, or "".
  template <auto fn>
  OpBuilder& accepts() {
    def_.kernels.back().accepts = [](const void* params, std::span<const ValueType> inputs) {
      return std::string(fn(*static_cast<const T*>(params), inputs));
    };
    return *this;
  }

  operator OpDef() {
    def_.defaults = std::make_shared<T>(prototype_);
    def_.copy = [](const void* params) -> std::shared_ptr<void> {
      return std::make_shared<T>(*static_cast<const T*>(params));
    };
    return std::move(def_);
  }

 private:
  OpBuilder& add(std::vector<FormalParameter>& list, FormalParameter formal) {
    add_parameter(list, formal);
    return *this;
  }
  OpBuilder& pair(std::vector<std::pair<size_t, size_t>>& list, size_t output, size_t input) {
    add_pair(list, output, input);
    return *this;
  }

  T prototype_;
  OpDef def_;
};

template <class T = NoParams>
OpBuilder<T> op(T prototype = {}) {
  return OpBuilder<T>(std::move(prototype));
}

}  // namespace mica
