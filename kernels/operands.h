// What a kernel is given: resolved operands, scratch memory, threads, and the subgraphs of its node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/type.h"
#include "runtime/base/error.h"
#include "runtime/base/tensor.h"

namespace mica {

class ThreadPool;  // backends/cpu/thread_pool.h

/// Memory that a kernel needs while it runs. Grows to the largest demand seen and is kept for the next run, so that a
/// repeated run allocates nothing. Everything taken is given back when the kernel returns.
class Workspace {
 public:
  /// 64-byte aligned, uninitialised. Throws OutOfMemory.
  void* take(size_t bytes);
  /// Gives everything back; joins blocks so that next time one is enough.
  void reset();

 private:
  struct Block {
    std::shared_ptr<std::byte> memory;
    size_t size = 0;
  };
  std::vector<Block> blocks_;
  size_t used_ = 0;  ///< bytes of the last block
};

/// Runs the subgraphs of a control-flow node.
class SubgraphRunner {
 public:
  virtual ~SubgraphRunner() = default;
  /// Runs subgraph `index` (as numbered in OpDef::subgraphs) on its formal inputs; captured values come by themselves.
  virtual std::vector<Datum> run(size_t index, std::span<const Datum> inputs) = 0;
  /// What is known of an output's type without running it, for loops that run zero times.
  virtual ValueType output_type(size_t /*index*/, size_t /*output*/) const { return {}; }
};

/// Views of a node's inputs and outputs. Outputs have their final dtype and shape and are uninitialised; an operator
/// marked `data_dependent` allocates them itself. An output never overlaps an input unless the definition says
/// `view` or `may_overwrite`, and then coincides with it. Kernels report bad data (an index out of range, dims that do
/// not fit) by throwing Error; whoever runs them adds the node's name.
class Operands {
 public:
  struct Context {
    Workspace* workspace = nullptr;
    ThreadPool* threads = nullptr;
    SubgraphRunner* subgraphs = nullptr;
  };

  Operands(std::span<Datum* const> inputs, std::span<Datum* const> outputs, const void* packed, const Context& context)
      : inputs_(inputs), outputs_(outputs), packed_(packed), context_(&context) {}

  size_t inputs() const { return inputs_.size(); }
  size_t outputs() const { return outputs_.size(); }
  /// Whether the optional input is given.
  bool has(size_t input) const { return input < inputs_.size() && inputs_[input] != nullptr; }
  /// Whether somebody uses the output. One that nobody wants may be null and must not be written.
  bool wants(size_t output) const { return output < outputs_.size() && outputs_[output] != nullptr; }

  const Tensor& in(size_t input) const { return inputs_[input]->tensor; }
  Tensor& out(size_t output) const { return outputs_[output]->tensor; }

  /// For `data_dependent` operators: makes the output.
  Tensor& allocate(size_t output, DType dtype, const Shape& shape) const;
  /// For values that are not tensors.
  const Datum& datum(size_t input) const { return *inputs_[input]; }
  void set(size_t output, Datum value) const;

  /// Scratch for `count` elements, 64-byte aligned, valid until the kernel returns. Call it outside parallel regions.
  template <class T>
  T* scratch(int64_t count) const {
    return static_cast<T*>(context_->workspace->take(static_cast<size_t>(count) * sizeof(T)));
  }
  ThreadPool& threads() const { return *context_->threads; }
  /// What `prepack` made; null when the operands were not constant.
  template <class T>
  const T* packed() const {
    return static_cast<const T*>(packed_);
  }
  SubgraphRunner& subgraphs() const { return *context_->subgraphs; }
  const Context& context() const { return *context_; }

 private:
  std::span<Datum* const> inputs_;
  std::span<Datum* const> outputs_;
  const void* packed_;
  const Context* context_;
};

/// The constant ones among a node's inputs, for packing.
class ConstantOperands {
 public:
  explicit ConstantOperands(std::span<const Tensor* const> tensors) : tensors_(tensors) {}
  /// Null when the input is absent or not constant.
  const Tensor* in(size_t input) const { return input < tensors_.size() ? tensors_[input] : nullptr; }

 private:
  std::span<const Tensor* const> tensors_;
};

/// Throws what a kernel throws when the data it is given does not make sense.
[[noreturn]] void bad_input(const std::string& message);

}  // namespace mica
