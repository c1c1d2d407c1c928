#include "tests/cuda/emulator/fiber.h"

#include <cstdint>
#include <utility>

// Of the sanitizers' own interface (sanitizer/common_interface_defs.h, tsan_interface.h): there only in programs that
// are built with one.
extern "C" {
__attribute__((weak)) void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom, size_t size);
__attribute__((weak)) void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom, size_t* size);
__attribute__((weak)) void* __tsan_get_current_fiber(void);
__attribute__((weak)) void* __tsan_create_fiber(unsigned flags);
__attribute__((weak)) void __tsan_destroy_fiber(void* fiber);
__attribute__((weak)) void __tsan_switch_to_fiber(void* fiber, unsigned flags);
}

namespace mica::emulator {
namespace {

void leave_for(void** fake_stack, const void* bottom, size_t size, void* thread) {
  if (&__sanitizer_start_switch_fiber != nullptr) __sanitizer_start_switch_fiber(fake_stack, bottom, size);
  if (&__tsan_switch_to_fiber != nullptr) __tsan_switch_to_fiber(thread, 0);
}

void arrive(void* fake_stack, const void** from_bottom, size_t* from_size) {
  if (&__sanitizer_finish_switch_fiber == nullptr) return;
  __sanitizer_finish_switch_fiber(fake_stack, from_bottom, from_size);
}

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {
  if (&__tsan_create_fiber != nullptr) thread_inside_ = __tsan_create_fiber(0);
  getcontext(&inside_);
  inside_.uc_stack.ss_sp = stack_.data();
  inside_.uc_stack.ss_size = stack_.size();
  inside_.uc_link = nullptr;
  const auto self = reinterpret_cast<uintptr_t>(this);
  makecontext(&inside_, reinterpret_cast<void (*)()>(enter), 2, static_cast<unsigned>(self >> 32),
              static_cast<unsigned>(self));
}

Fiber::~Fiber() {
  if (&__tsan_destroy_fiber != nullptr) __tsan_destroy_fiber(thread_inside_);
}

void Fiber::enter(unsigned high, unsigned low) {
  auto* fiber = reinterpret_cast<Fiber*>(static_cast<uintptr_t>(high) << 32 | low);
  arrive(nullptr, &fiber->outside_stack_, &fiber->outside_size_);
  fiber->body_();
}

void Fiber::resume() {
  if (&__tsan_get_current_fiber != nullptr) thread_outside_ = __tsan_get_current_fiber();
  void* fake = nullptr;
  leave_for(&fake, stack_.data(), stack_.size(), thread_inside_);
  swapcontext(&outside_, &inside_);
  arrive(fake, nullptr, nullptr);
}

void Fiber::pause() {
  leave_for(&inside_fake_, outside_stack_, outside_size_, thread_outside_);
  swapcontext(&inside_, &outside_);
  arrive(inside_fake_, &outside_stack_, &outside_size_);
}

}  // namespace mica::emulator
