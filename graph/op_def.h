// What is known of an operator: its signature, its inference, and opaque handles of its kernels.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/attribute.h"
#include "graph/infer_context.h"

namespace mica {

class Operands;          // kernels/operands.h
class ConstantOperands;  // kernels/operands.h

/// A formal input or output.
struct FormalParameter {
  std::string_view name;
  DTypeSet types;  ///< of a tensor; empty: anything, sequences and optionals included
  bool optional = false;
  bool variadic = false;
  size_t minimum = 1;  ///< of a variadic parameter
};

/// What an operator's parameters may depend on besides its attributes.
struct NodeFacts {
  std::string_view domain;
  int64_t opset = 0;  ///< version of the domain that the model imports
  size_t inputs = 0, outputs = 0;
  std::vector<std::string_view> subgraphs = {};  ///< names of the attributes that hold graphs
};

/// Dims of a node's operands; null where one is absent or its rank not known.
struct OperandDims {
  std::vector<const Dims*> inputs, outputs;

  bool has(size_t input) const { return input < inputs.size() && inputs[input] != nullptr; }
};

/// An attribute and where it goes in the operator's parameter struct.
struct FormalAttribute {
  std::string_view name;
  bool required = false;
  size_t offset = 0;  ///< of the field in the struct, in bytes
  void (*assign)(void* field,
                 const Attribute& value) = nullptr;  ///< throws InvalidModel on another kind; null: ignored
};

/// Parameters of one node: the operator's own struct, behind `void`. Immutable once made.
using Params = std::shared_ptr<const void>;

/// What is done with an operator's parameter struct without knowing it. Its alignment is that of operator new.
struct ParamsType {
  size_t size = 0;
  void (*construct)(void* place) = nullptr;               ///< with the struct's own defaults; null: it has none
  void (*copy)(void* place, const void* from) = nullptr;  ///< null: byte by byte
  void (*destroy)(void* params) = nullptr;                ///< null: nothing to do

  /// A copy of `from`; of the struct's own defaults when that is null.
  std::shared_ptr<void> make(const void* from) const;
};

using KernelFn = void (*)(const void* params, const Operands& operands);
/// What a kernel makes once of operands that are constant, such as packed weights; null when there is nothing to make.
using PrepackFn = std::shared_ptr<const void> (*)(const void* params, const ConstantOperands& operands);
/// Why a kernel cannot take this node; empty when it can.
using AcceptFn = std::string (*)(const void* params, std::span<const ValueType> inputs);

/// One way to compute an operator on one kind of device. Listed best first.
struct Kernel {
  std::string_view device;  ///< "cpu", "cuda"
  std::string_view name;
  KernelFn run = nullptr;
  PrepackFn prepack = nullptr;
  AcceptFn accepts = nullptr;
};

/// Definition of an operator from one version of its domain on. Made by the builder in kernels/op.h.
struct OpDef {
  std::vector<FormalParameter> inputs, outputs;
  std::vector<FormalAttribute> attributes;
  std::vector<std::string_view> subgraphs;  ///< attributes that hold graphs, in the order kernels number them

  /// The parameters where no attribute says otherwise, and how they are copied, completed and checked.
  const ParamsType* params_type = nullptr;  ///< null: the operator has no parameters
  Params defaults;
  void (*prepare)(void* params, const NodeFacts& facts) = nullptr;
  /// The parameters of a node; throws InvalidModel for a missing, unknown or ill-typed attribute.
  Params make_params(const Attributes& attributes, const NodeFacts& facts) const;

  std::function<void(const void* params, InferContext&)> infer;
  /// Multiplications and additions of a node, two for each product; 0 where its dims do not tell. Null for operators
  /// whose time goes into memory. All inputs that are not optional, and output 0, have known ranks when it is called.
  Dim (*flops)(const void* params, const OperandDims&) = nullptr;

  /// Pairs {output, input}: the output is the input under another shape; or may share its memory when the input is
  /// not used again.
  std::vector<std::pair<size_t, size_t>> views, may_overwrite;
  /// The output is the input with more rows behind it along an axis, so that the two may share memory that has room:
  /// the kernel then writes only what is new. Both tensors may have a pitch.
  struct Append {
    size_t output, input;
    int64_t (*axis)(const void* params);  ///< may be negative: counted from the back
  };
  std::vector<Append> appends;
  std::vector<size_t> pitched;  ///< inputs whose pitch, along the last axis but one, the kernels honour
  std::vector<Kernel> kernels;

  bool data_dependent = false;  ///< the kernel allocates its outputs: their shapes depend on its inputs' contents
  bool elementwise = false;     ///< an element of an output follows from those at its place in the inputs, broadcast
  bool impure = false;          ///< gives other results each time (random numbers): never folded, merged or removed
};

/// An operator from one version of its domain on, and the function that makes its definition.
struct Operator {
  std::string_view domain;  ///< "ai.onnx" is spelt ""
  std::string_view name;
  int64_t since;
  OpDef* (*define)();  ///< makes the definition, which is the caller's

  /// By domain, name, and version.
  static constexpr bool before(const Operator& a, const Operator& b) {
    if (a.domain != b.domain) return a.domain < b.domain;
    return a.name != b.name ? a.name < b.name : a.since < b.since;
  }
};

/// The operators of a build, for look-up by domain, name and version.
class OpTable {
 public:
  /// An operator, whose definition is made when it is first asked for, from any thread: a program uses few of them.
  class Entry : public Operator {
   public:
    ~Entry() { delete made_.load(); }
    const OpDef& def() const;

   private:
    friend class OpTable;
    Entry() : Operator{} {}
    mutable std::atomic<const OpDef*> made_{nullptr};
  };

  /// `operators` are in the order of Operator::before.
  explicit OpTable(std::span<const Operator> operators);

  /// The operator in force at `opset`: the one with the largest `since` not above it; null when there is none.
  const Entry* find(std::string_view domain, std::string_view name, int64_t opset) const;
  std::span<const Entry> entries() const { return {entries_.get(), count_}; }
  /// The known name nearest to a misspelt one, for messages; empty when none is near.
  std::string nearest(std::string_view domain, std::string_view name) const;

 private:
  size_t count_;
  std::unique_ptr<Entry[]> entries_;
};

}  // namespace mica
