// Memory of the emulated device.
#include <sys/mman.h>

#include <cstring>
#include <map>
#include <mutex>

#include "tests/cuda/emulator/emulator.h"

namespace mica::emulator {
namespace {

constexpr size_t kRegion = size_t{1} << 34;  // address space only

/// A range of addresses that allocations are cut from, never twice.
class Region {
 public:
  Region() {
    base_ =
        static_cast<std::byte*>(mmap(nullptr, kRegion, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (base_ == MAP_FAILED) die("no address space");
  }

  std::byte* take(size_t bytes) {
    const std::lock_guard lock(mutex_);
    const size_t size = (bytes + kPage) / kPage * kPage;
    if (size > kRegion - used_) die("out of memory");
    std::byte* memory = base_ + used_;
    used_ += size;
    live_[memory] = size;
    if (open_ > 0) protect(memory, size, PROT_READ | PROT_WRITE);
    return memory;
  }
  void give_back(std::byte* memory) {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(memory);
    madvise(memory, found->second, MADV_DONTNEED);
    protect(memory, found->second, PROT_NONE);
    live_.erase(found);
  }
  void open() {
    const std::lock_guard lock(mutex_);
    if (open_++ > 0) return;
    for (const auto& [memory, size] : live_) protect(memory, size, PROT_READ | PROT_WRITE);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    if (--open_ > 0) return;
    for (const auto& [memory, size] : live_) protect(memory, size, PROT_NONE);
  }
  bool contains(const void* address) const {
    const auto* byte = static_cast<const std::byte*>(address);
    return byte >= base_ && byte < base_ + kRegion;
  }

 private:
  static constexpr size_t kPage = 4096;
  static void protect(std::byte* memory, size_t size, int how) {
    if (mprotect(memory, size, how) != 0) die("mprotect failed");
  }

  std::mutex mutex_;
  std::byte* base_;
  size_t used_ = 0;
  int open_ = 0;
  std::map<std::byte*, size_t> live_;
};

Region& device_region() {
  static Region region;
  return region;
}

Region& shared_region() {
  static Region region;
  static const bool opened = (region.open(), true);
  (void)opened;
  return region;
}

std::shared_ptr<std::byte> allocate(Region& region, size_t bytes) {
  return std::shared_ptr<std::byte>(region.take(bytes), [&region](std::byte* memory) { region.give_back(memory); });
}

}  // namespace

std::shared_ptr<std::byte> allocate_device(size_t bytes) {
  ++counts().allocations;
  const auto memory = allocate(device_region(), bytes);
  const DeviceAccess access;
  std::memset(memory.get(), 0xA5, bytes);
  return memory;
}

std::shared_ptr<std::byte> allocate_shared(size_t bytes) {
  ++counts().allocations;
  return allocate(shared_region(), bytes);
}

DeviceAccess::DeviceAccess() {
  device_region().open();
}

DeviceAccess::~DeviceAccess() {
  device_region().close();
}

void check_pointer(const void* address) {
  const bool reachable = device_region().contains(address) || shared_region().contains(address);
  if (address != nullptr && !reachable) die("a kernel is given memory of the host");
}

}  // namespace mica::emulator
