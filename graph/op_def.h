// What is known of an operator: its signature, its inference, and opaque handles of its kernels.
#pragma once

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
  std::string name;
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

/// An attribute and where it goes in the operator's parameter struct.
struct FormalAttribute {
  std::string name;
  bool required = false;
  std::function<void(void* params, const Attribute& value)> assign;  ///< throws InvalidModel on another kind
};

/// Parameters of one node: the operator's own struct, behind `void`. Immutable once made.
using Params = std::shared_ptr<const void>;

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
  std::vector<std::string> subgraphs;  ///< names of the attributes that hold graphs, in the order kernels number them

  /// Makes the parameters; throws InvalidModel for a missing, unknown or ill-typed attribute.
  std::function<Params(const Attributes&, const NodeFacts&)> make_params;
  std::function<void(const void* params, InferContext&)> infer;

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
  bool impure = false;          ///< gives other results each time (random numbers): never folded, merged or removed
};

/// The operators of a build, for look-up by domain, name and version. "ai.onnx" is spelt "".
class OpTable {
 public:
  struct Entry {
    std::string domain;
    std::string name;
    int64_t since;
    OpDef def;
  };

  explicit OpTable(std::vector<Entry> entries);

  /// The definition in force at `opset`: the one with the largest `since` not above it; null when there is none.
  const Entry* find(std::string_view domain, std::string_view name, int64_t opset) const;
  /// All entries by domain, name, and version.
  std::span<const Entry> entries() const { return entries_; }
  /// The known name nearest to a misspelt one, for messages; empty when none is near.
  std::string nearest(std::string_view domain, std::string_view name) const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace mica
