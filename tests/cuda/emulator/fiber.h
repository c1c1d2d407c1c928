// A stack of its own, which code runs on in turn with the thread that resumes it.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <vector>

namespace mica::emulator {

/// Sanitizers are told of every change of stacks, where the program has one.
class Fiber {
 public:
  /// `body` begins when the fiber is first resumed, and never returns.
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Goes on with the body, until it calls `pause`.
  void resume();
  /// For the body: goes on behind the call of `resume`.
  void pause();

 private:
  static void enter(unsigned high, unsigned low);

  std::function<void()> body_;
  std::vector<char> stack_ = std::vector<char>(256 * 1024);
  ucontext_t inside_, outside_;
  // What sanitizers want to know of the stack of the thread that resumes, and keep of one that is left.
  const void* outside_stack_ = nullptr;
  size_t outside_size_ = 0;
  void* inside_fake_ = nullptr;
  void *thread_inside_ = nullptr, *thread_outside_ = nullptr;
};

}  // namespace mica::emulator
