// How constants are brought into the form that kernels read: at once, or for all kernels of a plan together.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "runtime/base/tensor.h"

namespace mica {

/// What was packed: 64-byte aligned. There is none before whoever packs has done it, which is before a kernel runs, but
/// for tasks that can wait.
class PackedBytes {
 public:
  /// Null as long as there is none.
  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(data_.load(std::memory_order_acquire));
  }
  /// Once; other threads may be reading.
  void set(std::shared_ptr<const std::byte> memory) {
    memory_ = std::move(memory);
    data_.store(memory_.get(), std::memory_order_release);
  }

 private:
  std::shared_ptr<const std::byte> memory_;
  std::atomic<const std::byte*> data_{nullptr};
};

/// What is to be made of a constant.
struct PackTask {
  /// Names the form: with the dtype and dims of the constant it tells all that the result depends on, but for the
  /// contents, the build and the instruction set in use.
  std::string form;
  size_t bytes = 0;   ///< of the result
  int64_t parts = 1;  ///< that can be made independently of each other
  /// The kernel reads the constant itself as long as it is not packed, to the same results.
  bool can_wait = false;
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
