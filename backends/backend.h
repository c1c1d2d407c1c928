// A kind of device beside the CPU: which there are, memory on them, and work in order. Knows no operator.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/function_ref.h"

namespace mica {

/// A device, as people see it.
struct DeviceInfo {
  std::string id;                                           ///< "cuda:0"
  std::string name;                                         ///< "NVIDIA H200"
  std::vector<std::pair<std::string, std::string>> traits;  ///< {"compute capability", "9.0"}
  size_t memory = 0;                                        ///< bytes
  /// What kernels are chosen by: of NVIDIA GPUs ten times the compute capability, 90 for 9.0.
  int capability = 0;
};

/// The devices of a backend, or why there are none.
struct Discovery {
  std::vector<DeviceInfo> devices;
  std::string reason;  ///< empty when there are devices
};

/// A point in a stream's work.
class Event {
 public:
  virtual ~Event() = default;
  /// Seconds of device time from `earlier`, of the same stream, to this one. Both have been reached.
  virtual double seconds_since(const Event& earlier) const = 0;
};

/// Work that was recorded instead of done, to be done as a whole any number of times.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void replay() = 0;
};

/// `blocks` times `bytes` bytes, which lie `pitch` bytes apart on either side.
struct BlockCopy {
  void* to = nullptr;
  size_t to_pitch = 0;
  const void* from = nullptr;
  size_t from_pitch = 0;
  size_t bytes = 0;
  size_t blocks = 1;
};

/// Work of a device in the order in which it was given. Calls return before the work is done; memory that it reads or
/// writes stays valid and, on the host, untouched until `synchronize`. Not thread safe. All calls throw Error when the
/// device reports a failure, be it of earlier work.
class Stream {
 public:
  virtual ~Stream() = default;  ///< waits for all work

  virtual void upload(void* to, const void* from, size_t bytes) = 0;    ///< from host memory
  virtual void download(void* to, const void* from, size_t bytes) = 0;  ///< to host memory
  virtual void copy(const BlockCopy& copy) = 0;  ///< between any two memories, of the device or the host
  virtual void synchronize() = 0;
  virtual std::unique_ptr<Event> record() = 0;
  /// What `body` gives the stream is recorded, not done. `body` neither synchronises nor takes memory.
  virtual std::unique_ptr<Recording> capture(FunctionRef<void()> body) = 0;
  /// What launchers of kernels take: the backend's own type of stream.
  virtual void* handle() = 0;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual const DeviceInfo& info() const = 0;
  /// For which kernels it is: "cuda".
  virtual std::string_view kernels() const = 0;
  /// Memory of the device, uninitialised and aligned to 256 bytes. What is freed may be given out again at once, so it
  /// is freed only when no work on it is under way. Throws OutOfMemory.
  virtual std::shared_ptr<std::byte> allocate(size_t bytes) = 0;
  /// Likewise memory of the host that the device reads and writes as well, at the same address; copies between it and
  /// the device go on beside the host's work.
  virtual std::shared_ptr<std::byte> allocate_shared(size_t bytes) = 0;
  virtual std::unique_ptr<Stream> make_stream() = 0;
};

/// Thread safe.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;  ///< "cuda"
  virtual Discovery discover() = 0;
  /// Device `index` of those discovered.
  virtual std::shared_ptr<Device> open(size_t index) = 0;
};

/// The backends of this build. The build collects them: see tools/dev/cmake/backend_table.cmake.
std::span<Backend* const> backends();

/// The device called `id`: "cuda:1", or "cuda" for the first. Throws Unsupported, with the reason, when it is not
/// there.
std::shared_ptr<Device> open_device(std::string_view id);

}  // namespace mica
