// How constants are brought into the form that kernels read: at once, or for all kernels of a plan together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "runtime/base/tensor.h"

namespace mica {

/// What was packed: 64-byte aligned. There is none before whoever packs has done it, which is before a kernel runs.
class PackedBytes {
 public:
  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(memory_.get());
  }
  void set(std::shared_ptr<const std::byte> memory) { memory_ = std::move(memory); }

 private:
  std::shared_ptr<const std::byte> memory_;
};

/// What is to be made of a constant.
struct PackTask {
  /// Names the form: with the dtype and dims of the constant it tells all that the result depends on, but for the
  /// contents, the build and the instruction set in use.
  std::string form;
  size_t bytes = 0;   ///< of the result
  int64_t parts = 1;  ///< that can be made independently of each other
  /// Writes parts [begin, end), from any thread. The elements of the constant may lie unaligned: see
  /// runtime/base/unaligned.h.
  std::function<void(const Tensor& constant, std::byte* to, int64_t begin, int64_t end)> fill;
};

/// For OpBuilder::prepack: packs a constant, which the kernel does not read any more. At once or, where a Packer is in
/// use, when that one does it.
std::shared_ptr<const PackedBytes> pack(const Tensor& constant, PackTask task);

/// For OpBuilder::prepack of a kernel that reads a constant where it is, and does not mind elements that lie unaligned.
/// Makes nothing.
std::shared_ptr<const void> leave(const Tensor* constant);

/// Packs the constants of a plan together.
class Packer {
 public:
  virtual ~Packer() = default;
  /// Will do the task later. The same task for the same constant is done once.
  virtual std::shared_ptr<const PackedBytes> pack(const Tensor& constant, PackTask task) = 0;
  virtual void leave(const Tensor& constant) = 0;
};

/// While it lives, the packer is the one that this thread has in use.
class UsePacker {
 public:
  explicit UsePacker(Packer& packer);
  ~UsePacker();
  UsePacker(const UsePacker&) = delete;
  UsePacker& operator=(const UsePacker&) = delete;

 private:
  Packer* before_;
};

}  // namespace mica
