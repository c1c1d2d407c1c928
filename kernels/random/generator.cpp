#include "kernels/random/generator.h"

#include <atomic>
#include <bit>
#include <chrono>

namespace mica {
namespace {

// Of the time and of where this process is loaded, then counted on.
uint64_t fresh_key() {
  static std::atomic<uint64_t> next = [] {
    const auto now = static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    return now ^ std::rotl(reinterpret_cast<uintptr_t>(&next), 32);
  }();
  const auto words = philox(next.fetch_add(1), 1);
  return uint64_t{words[0]} << 32 | words[1];
}

}  // namespace

RandomNumbers::RandomNumbers(std::optional<float> seed) : key_(seed ? std::bit_cast<uint32_t>(*seed) : fresh_key()) {}

}  // namespace mica
