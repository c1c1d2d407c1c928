// What an operator's inference function sees and says.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/type.h"
#include "runtime/base/tensor.h"

namespace mica {

/// The types of a node's inputs, and what is known of their contents, on the way to the types of its outputs. The same
/// function serves before planning, with symbolic dims, and during a run, with numbers and all contents at hand.
class InferContext {
 public:
  /// What is known of one input. `constant` may be null; so may `contents`.
  struct Input {
    const ValueType* type = nullptr;  ///< null: the optional input is absent
    const Tensor* constant = nullptr;
    const Dims* contents = nullptr;
  };
  struct Output {
    ValueType type;
    std::optional<Dims> contents;
  };
  /// Infers the i-th subgraph of the node for these inputs.
  using SubgraphInference = std::function<std::vector<ValueType>(size_t subgraph, std::span<const ValueType> inputs)>;

  InferContext(std::span<const Input> inputs, std::span<Output> outputs, std::string_view node,
               const SubgraphInference* subgraphs = nullptr)
      : inputs_(inputs), outputs_(outputs), node_(node), subgraphs_(subgraphs) {}

  size_t inputs() const { return inputs_.size(); }
  size_t outputs() const { return outputs_.size(); }
  bool has(size_t input) const { return input < inputs_.size() && inputs_[input].type != nullptr; }

  const ValueType& type(size_t input) const;
  DType dtype(size_t input) const { return type(input).dtype; }
  /// Dims of a tensor input; null when even the rank is unknown.
  const Dims* dims(size_t input) const;
  /// The input's value; null when it is not known yet.
  const Tensor* constant(size_t input) const { return has(input) ? inputs_[input].constant : nullptr; }
  /// The elements of a small integer or boolean tensor, in row-major order, as far as they are known as expressions.
  std::optional<Dims> contents(size_t input) const;
  /// The elements as numbers; nullopt when one of them is not known yet.
  std::optional<std::vector<int64_t>> integers(size_t input) const;

  void set(size_t output, DType dtype, std::optional<Dims> dims = std::nullopt);
  void set(size_t output, ValueType type);
  /// States the elements of an integer or boolean output of known dims, row-major. Long lists are dropped.
  void set_contents(size_t output, Dims contents);

  /// A dim that only the run can tell. Each call gives another symbol.
  Dim unknown() const;
  /// The dim that both are; the more specific of the two where that cannot be decided. Throws when they contradict:
  /// "`what` differ: 3 and 4".
  Dim merge(const Dim& a, const Dim& b, std::string_view what) const;
  /// NumPy broadcasting of two shapes.
  Dims broadcast(const Dims& a, const Dims& b) const;
  /// `axis` counted from the front, or an error.
  size_t axis(int64_t axis, size_t rank, bool one_past_end = false) const;

  std::vector<ValueType> infer_subgraph(size_t subgraph, std::span<const ValueType> inputs) const;

  [[noreturn]] void fail(const std::string& message) const;  ///< throws InvalidModel

  /// Longest tensor whose elements are followed as expressions.
  static constexpr size_t kMaxContents = 4096;

 private:
  std::span<const Input> inputs_;
  std::span<Output> outputs_;
  std::string_view node_;
  const SubgraphInference* subgraphs_;
  mutable int unknowns_ = 0;
};

/// Symbols that only a run can tell begin with this sign.
inline constexpr char kUnknownSign = '%';
bool is_unknown_symbol(std::string_view symbol);

}  // namespace mica
