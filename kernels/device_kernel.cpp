#include "kernels/device_kernel.h"

#include <algorithm>
#include <utility>

namespace mica {

void* DeviceScratch::take(size_t bytes) {
  constexpr size_t kAlignment = 256;
  const size_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  if (size < bytes) throw Error(ErrorCode::OutOfMemory, "scratch memory of a kernel is too large");
  if (blocks_.empty() || size_ - used_ < size) {
    size_ = std::max({size, 2 * size_, size_t{1} << 20});
    blocks_.push_back(device_.allocate(size_));
    used_ = 0;
  }
  void* memory = blocks_.back().get() + used_;
  used_ += size;
  return memory;
}

void DeviceScratch::trim() {
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
}

void DeviceKernelTable::add(std::string_view op_type, int64_t since, DeviceKernel kernel, std::string_view domain) {
  rows_.push_back({device_, domain, op_type, since, std::make_shared<const DeviceKernel>(std::move(kernel))});
}

void DeviceKernelTable::append(DeviceKernelTable other) {
  rows_.insert(rows_.end(), std::make_move_iterator(other.rows_.begin()), std::make_move_iterator(other.rows_.end()));
}

std::vector<const DeviceKernel*> DeviceKernelTable::find(const OpTable::Entry& op, std::string_view device) const {
  std::vector<const DeviceKernel*> found;
  for (const Row& row : rows_) {
    if (row.op_type != op.name || row.domain != op.domain || row.device != device) continue;
    if (row.since == kAllVersions || row.since == op.since) found.push_back(row.kernel.get());
  }
  return found;
}

const DeviceKernel* DeviceKernelTable::named(std::string_view domain, std::string_view op_type,
                                             std::string_view device) const {
  const auto row = std::ranges::find_if(rows_, [&](const Row& candidate) {
    return candidate.op_type == op_type && candidate.domain == domain && candidate.device == device;
  });
  return row == rows_.end() ? nullptr : row->kernel.get();
}

DeviceKernel::Accepts takes_only(DTypeSet types, uint64_t inputs) {
  return [types, inputs](const void*, std::span<const ValueType> given) -> std::string {
    for (size_t i = 0; i < given.size() && i < 64; ++i) {
      const DType dtype = given[i].dtype;
      if ((inputs >> i & 1) == 0 || dtype == DType::Undefined || types.contains(dtype)) continue;
      return "does not take " + std::string(name(dtype));
    }
    return "";
  };
}

}  // namespace mica
