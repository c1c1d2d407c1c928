#include "runtime/device_constants.h"

#include <memory>
#include <utility>
#include <vector>

#include "backends/backend.h"

namespace mica {
namespace {

constexpr size_t kAlignment = 256;

bool is_device_constant(const Slot& slot) {
  return slot.source == Slot::Source::Constant && slot.place == Place::Device;
}

size_t aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

void upload_constants(Device& device, std::span<Slot> slots) {
  size_t total = 0;
  std::vector<Shape> shapes;
  for (Slot& slot : slots) {
    if (!is_device_constant(slot)) continue;
    shapes.push_back(slot.constant.shape());
    if (slot.form != nullptr) slot.constant = slot.form(slot.constant);
    slot.dtype = slot.constant.dtype();
    total += aligned(slot.constant.bytes());
  }
  if (total == 0) return;
  const std::shared_ptr<std::byte> block = device.allocate(total);
  const auto stream = device.make_stream();
  std::vector<Tensor> on_host;
  size_t at = 0;
  for (Slot& slot : slots) {
    if (!is_device_constant(slot)) continue;
    const size_t bytes = slot.constant.bytes();
    if (bytes > 0) stream->upload(block.get() + at, slot.constant.raw(), bytes);
    on_host.push_back(std::move(slot.constant));  // until the copy is done
    slot.constant = Tensor::over(slot.dtype, shapes[on_host.size() - 1], block.get() + at, block);
    at += aligned(bytes);
  }
  stream->synchronize();
}

}  // namespace mica
