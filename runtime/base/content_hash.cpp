#include "runtime/base/content_hash.h"

#include <array>
#include <bit>
#include <cstring>

namespace mica {
namespace {

// Eight lanes take a word each in turn. A step maps the states of a lane one to one, whatever the word, so that inputs
// that differ in one word end in different states. The multipliers are odd numbers with as many ones as zeros.
constexpr size_t kLanes = 8;
constexpr size_t kBlock = kLanes * sizeof(uint64_t);
constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio
constexpr uint64_t kMixA = 0xd6e8feb86659fd93, kMixB = 0xa0761d6478bd642f;

constexpr uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 32)) * kMixA;
  x = (x ^ (x >> 29)) * kMixB;
  return x ^ (x >> 32);
}

struct Lanes {
  std::array<uint64_t, kLanes> state{};

  void take(const std::byte* block) {
    std::array<uint64_t, kLanes> words;
    std::memcpy(words.data(), block, kBlock);
    for (size_t i = 0; i < kLanes; ++i) {
      const uint64_t x = (state[i] ^ words[i]) * kFactor;
      state[i] = x ^ (x >> 32);
    }
  }

  uint64_t fold(uint64_t seed) const {
    for (const uint64_t x : state) seed = mix(std::rotl(seed, 17) ^ x);
    return mix(seed);
  }
};

}  // namespace

std::string ContentHash::str() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const uint64_t half : {high, low}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[half >> shift & 15];
  }
  return text;
}

ContentHash content_hash(std::span<const std::byte> bytes) {
  Lanes lanes;
  for (size_t i = 0; i < kLanes; ++i) lanes.state[i] = kMixB * (i + 1);
  size_t at = 0;
  for (; at + kBlock <= bytes.size(); at += kBlock) lanes.take(bytes.data() + at);
  std::array<std::byte, kBlock> rest{};
  if (at < bytes.size()) std::memcpy(rest.data(), bytes.data() + at, bytes.size() - at);
  lanes.take(rest.data());
  return {lanes.fold(bytes.size()), lanes.fold(~static_cast<uint64_t>(bytes.size()))};
}

HashText& HashText::add(uint64_t number) {
  text_.append(reinterpret_cast<const char*>(&number), sizeof(number));
  return *this;
}

HashText& HashText::add(std::string_view text) {
  add(uint64_t{text.size()});
  text_ += text;
  return *this;
}

ContentHash HashText::hash() const {
  return content_hash(std::as_bytes(std::span(text_)));
}

}  // namespace mica
