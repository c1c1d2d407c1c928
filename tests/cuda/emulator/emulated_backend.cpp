// A device that runs CUDA kernels on the CPU, and nothing before it is waited for.
#include <chrono>
#include <cstring>

#include "backends/backend.h"
#include "backends/cuda/capability.h"
#include "tests/cuda/emulator/emulator.h"

namespace mica {
namespace {

using Clock = std::chrono::steady_clock;

/// When the queue came to it.
class EmulatedEvent : public Event {
 public:
  explicit EmulatedEvent(emulator::Queue& queue) {
    queue.push([time = time_] { *time = Clock::now(); });
  }
  double seconds_since(const Event& earlier) const override {
    return std::chrono::duration<double>(*time_ - *static_cast<const EmulatedEvent&>(earlier).time_).count();
  }

 private:
  std::shared_ptr<Clock::time_point> time_ = std::make_shared<Clock::time_point>();
};

class EmulatedRecording : public Recording {
 public:
  EmulatedRecording(std::shared_ptr<emulator::Queue> queue, std::function<void()> work)
      : queue_(std::move(queue)), work_(std::move(work)) {}
  void replay() override {
    ++emulator::counts().replays;
    queue_->push(work_);
  }

 private:
  std::shared_ptr<emulator::Queue> queue_;
  std::function<void()> work_;
};

class EmulatedStream : public Stream {
 public:
  ~EmulatedStream() override { queue_->synchronize(); }
  void upload(void* to, const void* from, size_t bytes) override { copy({to, bytes, from, bytes, bytes}); }
  void download(void* to, const void* from, size_t bytes) override { copy({to, bytes, from, bytes, bytes}); }
  void copy(const BlockCopy& copy) override {
    if (copy.bytes == 0) return;
    ++emulator::counts().copies;
    queue_->push([copy] {
      for (size_t i = 0; i < copy.blocks; ++i) {
        std::memcpy(static_cast<std::byte*>(copy.to) + i * copy.to_pitch,
                    static_cast<const std::byte*>(copy.from) + i * copy.from_pitch, copy.bytes);
      }
    });
  }
  void synchronize() override { queue_->synchronize(); }
  std::unique_ptr<Event> record() override { return std::make_unique<EmulatedEvent>(*queue_); }
  std::unique_ptr<Recording> capture(FunctionRef<void()> body) override {
    ++emulator::counts().recordings;
    queue_->begin_recording();
    try {
      body();
    } catch (...) {
      queue_->end_recording();
      throw;
    }
    return std::make_unique<EmulatedRecording>(queue_, queue_->end_recording());
  }
  void* handle() override { return queue_.get(); }

 private:
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
  std::shared_ptr<Device> open(size_t) override {
    static const auto device = std::make_shared<EmulatedDevice>();
    return device;
  }
};

}  // namespace

Backend& emulated_backend() {
  static EmulatedBackend backend;
  return backend;
}

}  // namespace mica
