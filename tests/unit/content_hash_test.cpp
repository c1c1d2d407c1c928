#include "runtime/base/content_hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>
#include <vector>

namespace mica {
namespace {

ContentHash hash_of(const std::string& text) {
  return content_hash(std::as_bytes(std::span(text)));
}

// Every bit counts, wherever it is, and so does every byte of 0 at the end.
TEST(ContentHash, TellsContentsApart) {
  std::set<std::string> seen;
  size_t count = 0;
  for (size_t length = 0; length <= 200; ++length, ++count) seen.insert(hash_of(std::string(length, '\0')).str());
  std::string text(200, 'm');
  for (size_t bit = 0; bit < 8 * text.size(); ++bit, ++count) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ 1 << bit % 8);
    seen.insert(hash_of(text).str());
    text[bit / 8] = 'm';
  }
  EXPECT_EQ(seen.size(), count);
  EXPECT_EQ(hash_of(text), hash_of(std::string(200, 'm')));
}

// About half of the bits of the hash follow from each bit of a content.
TEST(ContentHash, SpreadsOverAllBits) {
  const std::string text(130, 'x');
  const ContentHash before = hash_of(text);
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string other = text;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
    const ContentHash after = hash_of(other);
    for (const uint64_t changed : {before.low ^ after.low, before.high ^ after.high}) {
      EXPECT_GT(std::popcount(changed), 10) << bit;
      EXPECT_LT(std::popcount(changed), 54) << bit;
    }
  }
}

TEST(ContentHash, OfTextsThatReadTheSameTogether) {
  EXPECT_NE(HashText().add("ab").add("c").hash(), HashText().add("a").add("bc").hash());
  EXPECT_NE(HashText().add(uint64_t{1}).hash(), HashText().add("\1").hash());
}

}  // namespace
}  // namespace mica
