#include "backends/cuda/cuda_stream.h"

#include "backends/cuda/cuda_call.h"

namespace mica {
namespace {

class CudaEvent : public Event {
 public:
  explicit CudaEvent(cudaStream_t stream) {
    check_cuda(cudaEventCreate(&event_), "make an event");
    check_cuda(cudaEventRecord(event_, stream), "record an event");
  }
  ~CudaEvent() override { cudaEventDestroy(event_); }
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  double seconds_since(const Event& earlier) const override {
    float milliseconds = 0;
    check_cuda(cudaEventElapsedTime(&milliseconds, static_cast<const CudaEvent&>(earlier).event_, event_),
               "take the time between two events");
    return static_cast<double>(milliseconds) * 1e-3;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

class CudaGraph : public Recording {
 public:
  /// Takes the graph over.
  CudaGraph(cudaGraph_t graph, cudaStream_t stream) : stream_(stream) {
    const cudaError_t result = cudaGraphInstantiate(&graph_, graph, 0);
    cudaGraphDestroy(graph);
    check_cuda(result, "instantiate a graph");
  }
  ~CudaGraph() override { cudaGraphExecDestroy(graph_); }
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  void replay() override { check_cuda(cudaGraphLaunch(graph_, stream_), "launch a graph"); }

 private:
  cudaGraphExec_t graph_ = nullptr;
  cudaStream_t stream_;
};

}  // namespace

CudaStream::CudaStream(int device) : device_(device) {
  select();
  check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "make a stream");
}

CudaStream::~CudaStream() {
  cudaStreamSynchronize(stream_);
  cudaStreamDestroy(stream_);
}

// The current device is the calling thread's, which need not be the one that made the stream.
void CudaStream::select() const {
  check_cuda(cudaSetDevice(device_), "select the device");
}

void* CudaStream::handle() {
  select();
  return stream_;
}

void CudaStream::upload(void* to, const void* from, size_t bytes) {
  select();
  check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_), "copy to the device");
}

void CudaStream::download(void* to, const void* from, size_t bytes) {
  select();
  check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_), "copy from the device");
}

// The runtime tells from the addresses whose memory they are.
void CudaStream::copy(const BlockCopy& copy) {
  if (copy.bytes == 0) return;
  select();
  const bool dense = copy.blocks == 1 || (copy.to_pitch == copy.bytes && copy.from_pitch == copy.bytes);
  check_cuda(dense ? cudaMemcpyAsync(copy.to, copy.from, copy.bytes * copy.blocks, cudaMemcpyDefault, stream_)
                   : cudaMemcpy2DAsync(copy.to, copy.to_pitch, copy.from, copy.from_pitch, copy.bytes, copy.blocks,
                                       cudaMemcpyDefault, stream_),
             "copy");
}

void CudaStream::synchronize() {
  check_cuda(cudaGetLastError(), "launch a kernel");  // a launch that was refused leaves no trace in the stream
  check_cuda(cudaStreamSynchronize(stream_), "run the kernels");
}

std::unique_ptr<Event> CudaStream::record() {
  select();
  return std::make_unique<CudaEvent>(stream_);
}

std::unique_ptr<Recording> CudaStream::capture(FunctionRef<void()> body) {
  select();
  cudaGraph_t graph = nullptr;
  check_cuda(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "begin to record a graph");
  try {
    body();
  } catch (...) {
    cudaStreamEndCapture(stream_, &graph);
    if (graph != nullptr) cudaGraphDestroy(graph);
    cudaGetLastError();
    throw;
  }
  check_cuda(cudaStreamEndCapture(stream_, &graph), "record a graph");
  return std::make_unique<CudaGraph>(graph, stream_);
}

}  // namespace mica
