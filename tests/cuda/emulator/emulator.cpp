#include "tests/cuda/emulator/emulator.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/cuda/launch.cuh"
#include "tests/cuda/emulator/fiber.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace mica::emulator {

void die(const char* message) {
  std::fprintf(stderr, "emulated device: %s\n", message);
  std::abort();
}

namespace {

enum class Wait : uint8_t { None, Block, Warp, Warpgroup, Until };

/// One stack, which runs threads of a block one after the other; a thread that waits keeps it.
struct Runner {
  explicit Runner(std::function<void()> work) : fiber(std::move(work)) {}

  Fiber fiber;
  unsigned thread = 0;
  Wait wait = Wait::None;
  const std::function<bool()>* condition = nullptr;  ///< of Wait::Until
  bool parked = false;                               ///< holds a thread that has begun
};

/// An asynchronous copy that is not done yet.
struct Copy {
  void* to;
  const void* from;
  int bytes;

  void run() const {
    std::memset(to, 0, 16);
    std::memcpy(to, from, static_cast<size_t>(bytes));
  }
};
using CopyGroup = std::vector<Copy>;

/// A word that goes from lane to lane.
struct Exchange {
  uint32_t word;
  unsigned lanes;  ///< in which bits the number of the source differs; or its number
  bool absolute;
};

void exchange_words(void* const* arguments) {
  uint32_t given[cuda::kWarp] = {};
  for (unsigned lane = 0; lane < cuda::kWarp; ++lane) {
    if (arguments[lane] != nullptr) given[lane] = static_cast<Exchange*>(arguments[lane])->word;
  }
  for (unsigned lane = 0; lane < cuda::kWarp; ++lane) {
    if (arguments[lane] == nullptr) continue;
    Exchange& own = *static_cast<Exchange*>(arguments[lane]);
    const unsigned source = own.absolute ? own.lanes : lane ^ own.lanes;
    if (arguments[source] != nullptr) own.word = given[source];
  }
}

class Block {
 public:
  using Work = void (*)(void* const*);

  void run(unsigned threads, const std::function<void()>& kernel) {
    kernel_ = &kernel;
    threads_ = threads;
    next_ = done_ = 0;
    const unsigned warps = (threads + cuda::kWarp - 1) / cuda::kWarp;
    arguments_.assign((threads + kWarpgroup - 1) / kWarpgroup * kWarpgroup, nullptr);
    work_.assign(threads, nullptr);
    later_.clear();
    copies_.assign(threads, {{}});
    done_in_warp_.assign(warps, 0);
    while (done_ < threads_) {
      bool progress = false;
      for (size_t i = 0; i < runners_.size(); ++i) {
        if (runners_[i]->parked && runners_[i]->wait == Wait::None) progress = resume(*runners_[i]);
      }
      if (next_ < threads_) progress = resume(free_runner());
      release();
      if (!progress && !released_) die("the threads of a block wait for different things");
    }
  }

  void wait(Wait for_what) {
    current_->wait = for_what;
    current_->fiber.pause();
  }

  void together(void* argument, Work work, Wait whom) {
    const unsigned thread = current_->thread;
    arguments_[thread] = argument;
    work_[thread] = work;
    wait(whom);
  }

  void wait_until(const std::function<bool()>& condition) {
    current_->condition = &condition;
    while (!condition()) wait(Wait::Until);
  }

  void later(std::function<void()> work) { later_.push_back(std::move(work)); }

  /// Groups of this thread's copies, of which the last is still open.
  std::vector<CopyGroup>& copies() { return copies_[current_->thread]; }

  /// Dynamic shared memory of `bytes` bytes of rubbish.
  void make_shared(size_t bytes) {
    memory_.assign(bytes + kSharedAlignment, std::byte{0xA5});
    const auto begin = reinterpret_cast<uintptr_t>(memory_.data());
    shared_ = memory_.data() + (kSharedAlignment - begin % kSharedAlignment) % kSharedAlignment;
  }
  std::byte* shared() const { return shared_; }

 private:
  static constexpr size_t kSharedAlignment = 1024;
  static constexpr unsigned kWarpgroup = 128;

  // Begins threads as long as there are any; another runner goes on with the rest where one waits.
  void work() {
    Runner& self = *current_;
    while (true) {
      while (next_ < threads_) {
        self.thread = next_++;
        self.parked = true;
        threadIdx.x = self.thread;
        (*kernel_)();
        self.parked = false;
        ++done_;
        ++done_in_warp_[self.thread / cuda::kWarp];
      }
      self.fiber.pause();
    }
  }

  bool resume(Runner& runner) {
    current_ = &runner;
    threadIdx = {runner.thread, 0, 0};
    runner.fiber.resume();
    return true;
  }

  Runner& free_runner() {
    for (const auto& runner : runners_) {
      if (!runner->parked) return *runner;
    }
    return *runners_.emplace_back(std::make_unique<Runner>([this] { work(); }));
  }

  // Lets those go on for whom all others that are left have come.
  void release() {
    released_ = !later_.empty();
    for (const auto& work : std::exchange(later_, {})) work();
    unsigned in_block = 0;
    in_warp_ = done_in_warp_;
    for (const auto& runner : runners_) {
      if (!runner->parked) continue;
      if (runner->wait == Wait::Block) ++in_block;
      if (runner->wait == Wait::Warp || runner->wait == Wait::Warpgroup) ++in_warp_[runner->thread / cuda::kWarp];
    }
    for (const auto& runner : runners_) {
      if (!runner->parked || runner->wait == Wait::None) continue;
      if (!may_go_on(*runner, in_block)) continue;
      if (runner->wait == Wait::Warp) work_in(runner->thread / cuda::kWarp * cuda::kWarp, cuda::kWarp);
      if (runner->wait == Wait::Warpgroup) work_in(runner->thread / kWarpgroup * kWarpgroup, kWarpgroup);
      runner->wait = Wait::None;
      released_ = true;
    }
  }

  bool may_go_on(const Runner& runner, unsigned in_block) const {
    const unsigned warp = runner.thread / cuda::kWarp;
    const auto is_here = [&](unsigned which) {
      const unsigned first = which * cuda::kWarp;
      return first >= threads_ || in_warp_[which] == std::min(cuda::kWarp, threads_ - first);
    };
    if (runner.wait == Wait::Until) return (*runner.condition)();
    if (runner.wait == Wait::Block) return in_block + done_ == threads_;
    if (runner.wait == Wait::Warp) return is_here(warp);
    const unsigned first = warp / 4 * 4;
    return is_here(first) && is_here(first + 1) && is_here(first + 2) && is_here(first + 3);
  }

  // Once, for the first of the threads that are let go.
  void work_in(unsigned first, unsigned count) {
    const Work work = work_[first];
    if (arguments_[first] == nullptr && std::all_of(&arguments_[first], &arguments_[first] + count,
                                                    [](const void* argument) { return argument == nullptr; })) {
      return;
    }
    work(&arguments_[first]);
    std::fill_n(&arguments_[first], count, nullptr);
  }

  const std::function<void()>* kernel_ = nullptr;
  unsigned threads_ = 0, next_ = 0, done_ = 0;
  bool released_ = false;
  std::vector<unsigned> done_in_warp_, in_warp_;
  std::vector<void*> arguments_;  ///< of all threads, and what is done with them
  std::vector<Work> work_;
  std::vector<std::function<void()>> later_;
  std::vector<std::byte> memory_;
  std::byte* shared_ = nullptr;
  std::vector<std::vector<CopyGroup>> copies_;  ///< of all threads
  std::vector<std::unique_ptr<Runner>> runners_;
  Runner* current_ = nullptr;
};

constexpr uint32_t kSharedBegin = 1024;  // address of the first byte: on GPUs it is not 0 either

// The same in every program.
bool toss() {
  static uint32_t random = 1;
  random = random * 1664525 + 1013904223;
  return random >> 31 != 0;
}

Block& block() {
  static Block block;
  return block;
}

}  // namespace

void run_grid(Dim3 grid, unsigned threads, size_t shared_bytes, const std::function<void()>& kernel) {
  if (threads == 0 || threads > 1024 || grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.y > 65535 || grid.z > 65535 ||
      shared_bytes > 227 * 1024) {
    die("a grid that no GPU takes");
  }
  gridDim = {grid.x, grid.y, grid.z};
  blockDim = {threads, 1, 1};
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        block().make_shared(shared_bytes);
        block().run(threads, kernel);
      }
    }
  }
}

void* shared_memory() {
  return block().shared();
}

void block_barrier() {
  block().wait(Wait::Block);
}

uint32_t shared_address(const void* in_shared) {
  return static_cast<uint32_t>(static_cast<const std::byte*>(in_shared) - block().shared()) + kSharedBegin;
}

void* at_shared_address(uint32_t address) {
  return block().shared() + (address - kSharedBegin);
}

void together(void* argument, void (*work)(void* const*)) {
  block().together(argument, work, Wait::Warp);
}

void together_in_warpgroup(void* argument, void (*work)(void* const*)) {
  block().together(argument, work, Wait::Warpgroup);
}

void wait_until(const std::function<bool()>& condition) {
  block().wait_until(condition);
}

void at_some_time(std::function<void()> work) {
  if (toss()) {
    work();
  } else {
    block().later(std::move(work));
  }
}

uint32_t exchange(uint32_t word, unsigned lanes) {
  Exchange own{word, lanes, false};
  together(&own, exchange_words);
  return own.word;
}

uint32_t broadcast(uint32_t word, unsigned from) {
  Exchange own{word, from, true};
  together(&own, exchange_words);
  return own.word;
}

void begin_copy(void* to, const void* from, int bytes) {
  if (reinterpret_cast<uintptr_t>(to) % 16 != 0 || reinterpret_cast<uintptr_t>(from) % 16 != 0) {
    die("asynchronous copies are aligned to 16 bytes");
  }
  if (bytes < 0 || bytes > 16) die("an asynchronous copy is of 16 bytes at most");
  const Copy copy{to, from, bytes};
  if (toss()) {
    copy.run();
  } else {
    block().copies().back().push_back(copy);
  }
}

void commit_copies() {
  block().copies().emplace_back();
}

void wait_for_copies(int groups_left) {
  std::vector<CopyGroup>& groups = block().copies();
  while (static_cast<int>(groups.size()) > groups_left + 1) {
    for (const Copy& copy : groups.front()) copy.run();
    groups.erase(groups.begin());
  }
}

}  // namespace mica::emulator
