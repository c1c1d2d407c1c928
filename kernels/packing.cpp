#include "kernels/packing.h"

#include "runtime/base/memory.h"

namespace mica {

static thread_local Packer* in_use = nullptr;

std::shared_ptr<const PackedBytes> pack(const Tensor& constant, PackTask task) {
  if (in_use != nullptr) return in_use->pack(constant, std::move(task));
  const auto memory = std::static_pointer_cast<std::byte>(allocate_aligned(task.bytes));
  task.fill(constant, memory.get(), 0, task.parts);
  auto packed = std::make_shared<PackedBytes>();
  packed->set(memory);
  return packed;
}

std::shared_ptr<const void> leave(const Tensor* constant) {
  if (in_use != nullptr && constant != nullptr) in_use->leave(*constant);
  return nullptr;
}

UsePacker::UsePacker(Packer& packer) : before_(std::exchange(in_use, &packer)) {}

UsePacker::~UsePacker() {
  in_use = before_;
}

}  // namespace mica
