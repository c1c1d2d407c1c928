// Random numbers by place: the i-th number depends on the key and on i only, so that threads need no order.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>

namespace mica {

/// Philox4x32-10: four random words for a key and a counter. Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as
/// easy as 1, 2, 3", 2011.
inline std::array<uint32_t, 4> philox(uint64_t key, uint64_t counter) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  std::array<uint32_t, 4> c = {static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0, 0};
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xd2511f53} * c[0], b = uint64_t{0xcd9e8d57} * c[2];
    c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(b),
         static_cast<uint32_t>(a >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(a)};
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  return c;
}

class RandomNumbers {
 public:
  /// The numbers of this seed; without one, of a seed that no other generator of this process has.
  explicit RandomNumbers(std::optional<float> seed);

  /// The i-th number, uniform in [0, 1), a multiple of 2^-53.
  double uniform(int64_t i) const {
    const auto words = philox(key_, static_cast<uint64_t>(i));
    return static_cast<double>((uint64_t{words[0]} << 21) ^ (words[1] >> 11)) * 0x1p-53;
  }
  /// The i-th number of the standard normal distribution. Box and Muller, "A note on the generation of random normal
  /// deviates", 1958.
  double normal(int64_t i) const {
    const auto words = philox(key_, static_cast<uint64_t>(i));
    const double radius = ((uint64_t{words[0]} << 21) ^ (words[1] >> 11)) * 0x1p-53;
    const double angle = ((uint64_t{words[2]} << 21) ^ (words[3] >> 11)) * 0x1p-53;
    return std::sqrt(-2 * std::log1p(-radius)) * std::cos(2 * std::numbers::pi * angle);
  }

 private:
  uint64_t key_;
};

}  // namespace mica
