// NVIDIA GPUs, through the CUDA runtime, which is linked statically and loads the driver when first called.
#include <cuda_runtime_api.h>

#include <map>
#include <mutex>

#include "backends/backend.h"
#include "backends/cuda/capability.h"
#include "backends/cuda/cuda_call.h"
#include "backends/cuda/cuda_stream.h"
#include "backends/memory_pool.h"

namespace mica {
namespace {

DeviceInfo describe(int index) {
  DeviceInfo info;
  info.id = "cuda:" + std::to_string(index);
  cudaDeviceProp properties;
  check_cuda(cudaGetDeviceProperties(&properties, index), "read the properties of " + info.id);
  info.name = properties.name;
  info.memory = properties.totalGlobalMem;
  info.capability = capped_capability(10 * properties.major + properties.minor);
  info.traits = {{"compute capability", std::to_string(properties.major) + "." + std::to_string(properties.minor)},
                 {"multiprocessors", std::to_string(properties.multiProcessorCount)},
                 {"L2 cache", std::to_string(properties.l2CacheSize >> 20) + " MiB"}};
  return info;
}

void free_device(std::byte* memory) {
  cudaFree(memory);
}

void free_shared(std::byte* memory) {
  cudaFreeHost(memory);
}

class CudaDevice : public Device {
 public:
  explicit CudaDevice(int index) : index_(index), info_(describe(index)) {}

  const DeviceInfo& info() const override { return info_; }
  std::string_view kernels() const override { return "cuda"; }
  std::shared_ptr<std::byte> allocate(size_t bytes) override { return memory_->take(bytes); }
  std::shared_ptr<std::byte> allocate_shared(size_t bytes) override { return shared_->take(bytes); }
  std::unique_ptr<Stream> make_stream() override { return std::make_unique<CudaStream>(index_); }

 private:
  std::byte* new_device(size_t bytes) const {
    void* memory = nullptr;
    check_cuda(cudaSetDevice(index_), "select " + info_.id);
    check_cuda(cudaMalloc(&memory, bytes), "allocate " + std::to_string(bytes) + " bytes on " + info_.id);
    return static_cast<std::byte*>(memory);
  }
  std::byte* new_shared(size_t bytes) const {
    void* memory = nullptr;
    check_cuda(cudaSetDevice(index_), "select " + info_.id);
    check_cuda(cudaHostAlloc(&memory, bytes, cudaHostAllocPortable | cudaHostAllocMapped),
               "allocate " + std::to_string(bytes) + " bytes that " + info_.id + " can reach");
    return static_cast<std::byte*>(memory);
  }

  int index_;
  DeviceInfo info_;
  const std::shared_ptr<MemoryPool> memory_ =
      MemoryPool::make([this](size_t bytes) { return new_device(bytes); }, free_device);
  const std::shared_ptr<MemoryPool> shared_ =
      MemoryPool::make([this](size_t bytes) { return new_shared(bytes); }, free_shared);
};

std::string driver_version() {
  int version = 0;
  if (cudaDriverGetVersion(&version) != cudaSuccess || version == 0) return "";
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string reason_for_none(cudaError_t result) {
  const std::string driver = driver_version();
  if (result == cudaErrorInsufficientDriver && driver.empty()) {
    return "no CUDA device: the NVIDIA driver (libcuda.so.1) is not installed";
  }
  if (result == cudaErrorInsufficientDriver) {
    return "no CUDA device: the NVIDIA driver is of CUDA " + driver + ", this build is of CUDA " +
           std::to_string(CUDART_VERSION / 1000) + "." + std::to_string(CUDART_VERSION % 1000 / 10);
  }
  if (result == cudaSuccess || result == cudaErrorNoDevice) return "no CUDA device: the driver finds none";
  return std::string("no CUDA device: ") + cudaGetErrorString(result);
}

class CudaBackend : public Backend {
 public:
  std::string_view name() const override { return "cuda"; }

  Discovery discover() override {
    int count = 0;
    const cudaError_t result = cudaGetDeviceCount(&count);
    cudaGetLastError();
    Discovery discovery;
    if (result != cudaSuccess || count == 0) {
      discovery.reason = reason_for_none(result);
      return discovery;
    }
    for (int index = 0; index < count; ++index) discovery.devices.push_back(describe(index));
    return discovery;
  }

  // All share a device, and so its pools of memory.
  std::shared_ptr<Device> open(size_t index) override {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<CudaDevice>& device = devices_[index];
    if (device == nullptr) device = std::make_shared<CudaDevice>(static_cast<int>(index));
    return device;
  }

 private:
  std::mutex mutex_;
  std::map<size_t, std::shared_ptr<CudaDevice>> devices_;
};

}  // namespace

Backend& cuda_backend() {
  static CudaBackend backend;
  return backend;
}

}  // namespace mica
