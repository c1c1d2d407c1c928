// A packer that finds out what of a constant is not packed, or depends on the order of the parts.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "kernels/packing.h"

namespace mica {

/// Does tasks at once, a part at a time, last parts first.
class Backwards : public Packer {
 public:
  std::shared_ptr<const PackedBytes> pack(const Tensor& constant, PackTask task) override {
    std::shared_ptr<std::byte[]> memory(new std::byte[task.bytes + 64]);
    std::fill_n(memory.get(), task.bytes + 64, std::byte{0xa5});  // nothing is to be taken for 0
    std::byte* to = memory.get() + (64 - reinterpret_cast<uintptr_t>(memory.get()) % 64) % 64;
    for (int64_t part = task.parts; part-- > 0;) task.fill(constant, to, part, part + 1);
    bytes.assign(to, to + task.bytes);
    auto packed = std::make_shared<PackedBytes>();
    packed->set({memory, to});
    return packed;
  }
  void leave(const Tensor&) override {}

  std::vector<std::byte> bytes;  ///< of the last task
};

}  // namespace mica
