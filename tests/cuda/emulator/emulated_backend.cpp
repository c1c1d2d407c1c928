// A device that runs CUDA kernels on the CPU, and nothing before it is waited for.
#include <cstring>

#include "backends/backend.h"
#include "backends/cuda/capability.h"
#include "tests/cuda/emulator/emulator.h"

namespace mica {
namespace {

class EmulatedEvent : public Event {
 public:
  double seconds_since(const Event&) const override { return 1e-6; }
};

class EmulatedRecording : public Recording {
 public:
  EmulatedRecording(std::shared_ptr<emulator::Queue> queue, std::function<void()> work)
      : queue_(std::move(queue)), work_(std::move(work)) {}
  void replay() override { queue_->push(work_); }

 private:
  std::shared_ptr<emulator::Queue> queue_;
  std::function<void()> work_;
};

class EmulatedStream : public Stream {
 public:
  ~EmulatedStream() override { queue_->synchronize(); }
  void upload(void* to, const void* from, size_t bytes) override { copy(to, from, bytes); }
  void download(void* to, const void* from, size_t bytes) override { copy(to, from, bytes); }
  void synchronize() override { queue_->synchronize(); }
  std::unique_ptr<Event> record() override { return std::make_unique<EmulatedEvent>(); }
  std::unique_ptr<Recording> capture(FunctionRef<void()> body) override {
    queue_->begin_recording();
    body();
    return std::make_unique<EmulatedRecording>(queue_, queue_->end_recording());
  }
  void* handle() override { return queue_.get(); }

 private:
  void copy(void* to, const void* from, size_t bytes) {
    queue_->push([=] { std::memcpy(to, from, bytes); });
  }

  std::shared_ptr<emulator::Queue> queue_ = std::make_shared<emulator::Queue>();
};

class EmulatedDevice : public Device {
 public:
  const DeviceInfo& info() const override { return info_; }
  std::string_view kernels() const override { return "cuda"; }
  std::shared_ptr<std::byte> allocate(size_t bytes) override { return emulator::allocate_device(bytes); }
  std::shared_ptr<std::byte> allocate_shared(size_t bytes) override { return emulator::allocate_shared(bytes); }
  std::unique_ptr<Stream> make_stream() override { return std::make_unique<EmulatedStream>(); }

 private:
  DeviceInfo info_{"emulated:0", "CUDA kernels on the CPU", {}, size_t{1} << 34, capped_capability(90)};
};

class EmulatedBackend : public Backend {
 public:
  std::string_view name() const override { return "emulated"; }
  Discovery discover() override { return {{EmulatedDevice().info()}, ""}; }
  std::shared_ptr<Device> open(size_t) override { return std::make_shared<EmulatedDevice>(); }
};

}  // namespace

Backend& emulated_backend() {
  static EmulatedBackend backend;
  return backend;
}

}  // namespace mica
