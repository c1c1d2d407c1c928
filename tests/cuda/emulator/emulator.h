// Runs CUDA kernels on the CPU, for tests: the .cu files are compiled as C++ with the launch.cuh beside this, which
// stands in for that of kernels/cuda. One block runs after the other; its threads are fibers that take turns at
// barriers and shuffles, so that what a kernel does in lockstep or in shared memory is what it does on a GPU.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace mica::emulator {

/// What the device has been asked for since the program began; for tests.
struct Counts {
  std::atomic<size_t> allocations = 0;  ///< of memory, the device's and that shared with it
  std::atomic<size_t> waits = 0;
  std::atomic<size_t> recordings = 0, replays = 0;
  std::atomic<size_t> copies = 0;  ///< given to a stream one by one, not within a replay
};
Counts& counts();

/// Memory of the emulated device. The host cannot touch it: it is unmapped but for the time that the device works.
std::shared_ptr<std::byte> allocate_device(size_t bytes);
/// Memory that both can touch at any time.
std::shared_ptr<std::byte> allocate_shared(size_t bytes);
/// Makes device memory accessible while it lives.
class DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
};

/// Work in the order given, none of which is done before `synchronize`.
class Queue {
 public:
  void push(std::function<void()> work);
  void synchronize();
  /// From here on work is recorded, until `end_recording` returns it.
  void begin_recording();
  std::function<void()> end_recording();

 private:
  std::vector<std::function<void()>> work_, recorded_;
  bool recording_ = false;
};

struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
};

/// Runs every block of a grid.
void run_grid(Dim3 grid, unsigned threads, size_t shared_bytes, const std::function<void()>& kernel);

/// Ends the program with a message.
[[noreturn]] void die(const char* message);
/// Does, when a kernel is given an address that a GPU could not reach.
void check_pointer(const void* address);

// What a thread of a kernel may do.
void* shared_memory();
void block_barrier();
/// Of memory of this block, as instructions count it.
uint32_t shared_address(const void* in_shared);
void* at_shared_address(uint32_t address);
/// Calls `work` once with the arguments of all lanes of this warp, when all have come; null for lanes that have ended.
/// Lanes may find what it makes of their arguments in them.
void together(void* argument, void (*work)(void* const* arguments));
/// The same of the 128 threads of a warpgroup.
void together_in_warpgroup(void* argument, void (*work)(void* const* arguments));
/// Does not return before `condition` holds.
void wait_until(const std::function<bool()>& condition);
/// Does it now, or when threads wait next.
void at_some_time(std::function<void()> work);
/// The word that the lane `lane ^ lanes` of this warp gives at the same time.
uint32_t exchange(uint32_t word, unsigned lanes);
/// The word of lane `from`.
uint32_t broadcast(uint32_t word, unsigned from);
/// Asynchronous copies of 16 bytes to shared memory, of which the last are zeros from `bytes` on. Some are done when
/// they begin and some when they are waited for, so that a kernel that relies on either computes something else.
void begin_copy(void* to, const void* from, int bytes);
void commit_copies();
void wait_for_copies(int groups_left);

}  // namespace mica::emulator
