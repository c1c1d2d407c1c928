#include "runtime/device_constants.h"

#include <memory>
#include <utility>
#include <vector>

#include "backends/backend.h"
#include "kernels/float_conversion.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

constexpr size_t kAlignment = 256;

bool is_device_constant(const Slot& slot) {
  return slot.source == Slot::Source::Constant && slot.place == Place::Device;
}

Tensor in_brain(const Tensor& floats) {
  Tensor result(DType::BF16, floats.shape());
  convert_floats(DType::F32, mica::aligned(floats).raw(), DType::BF16, result.mutable_raw(), floats.elements());
  return result;
}

size_t aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

void upload_constants(Device& device, std::span<Slot> slots) {
  size_t total = 0;
  for (Slot& slot : slots) {
    if (!is_device_constant(slot)) continue;
    if (slot.dtype == DType::BF16 && slot.constant.dtype() == DType::F32) slot.constant = in_brain(slot.constant);
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
    slot.constant = Tensor::over(slot.dtype, on_host.back().shape(), block.get() + at, block);
    at += aligned(bytes);
  }
  stream->synchronize();
}

}  // namespace mica
