// Work on one NVIDIA GPU, in order.
#pragma once

#include <cuda_runtime_api.h>

#include "backends/backend.h"

namespace mica {

class CudaStream : public Stream {
 public:
  explicit CudaStream(int device);
  ~CudaStream() override;
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;

  void upload(void* to, const void* from, size_t bytes) override;
  void download(void* to, const void* from, size_t bytes) override;
  void copy(const BlockCopy& copy) override;
  void synchronize() override;
  std::unique_ptr<Event> record() override;
  std::unique_ptr<Recording> capture(FunctionRef<void()> body) override;
  void* handle() override;

 private:
  void select() const;

  int device_;
  cudaStream_t stream_ = nullptr;
};

}  // namespace mica
