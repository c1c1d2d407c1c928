// A number that tells contents apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mica {

/// 128 bits that follow from some bytes. Others have it by chance only; who wants to can make some that have it.
struct ContentHash {
  uint64_t low = 0, high = 0;

  friend bool operator==(const ContentHash&, const ContentHash&) = default;
  std::string str() const;  ///< 32 hexadecimal digits
};

/// As fast as memory.
ContentHash content_hash(std::span<const std::byte> bytes);

/// Writes down what a hash is to follow from; no two lists of additions are the same text.
class HashText {
 public:
  HashText& add(uint64_t number);
  HashText& add(std::string_view text);
  HashText& add(const ContentHash& hash) { return add(hash.low).add(hash.high); }

  const std::string& text() const { return text_; }
  ContentHash hash() const;

 private:
  std::string text_;
};

}  // namespace mica
