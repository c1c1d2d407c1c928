#include "backends/memory_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "runtime/base/error.h"

namespace mica {
namespace {

struct Source {
  size_t allocated = 0, limit = SIZE_MAX;
  static inline size_t freed = 0;

  std::shared_ptr<MemoryPool> pool() {
    freed = 0;
    const auto allocate = [this](size_t bytes) {
      if (allocated - freed >= limit) throw Error(ErrorCode::OutOfMemory, "no more blocks");
      ++allocated;
      return static_cast<std::byte*>(std::malloc(bytes));
    };
    return MemoryPool::make(allocate, [](std::byte* memory) {
      ++freed;
      std::free(memory);
    });
  }
};

TEST(MemoryPool, ABlockServesTheNextWhoWantsAboutAsMuch) {
  Source source;
  const auto pool = source.pool();
  auto first = pool->take(100'000);
  const std::byte* address = first.get();
  const auto second = pool->take(100'000);
  EXPECT_NE(second.get(), address) << "the first is in use";
  first.reset();
  first = pool->take(99'000);
  EXPECT_EQ(first.get(), address);
  EXPECT_EQ(source.allocated, 2u);
  first.reset();
  first = pool->take(1000);
  EXPECT_NE(first.get(), address) << "much too large";
}

TEST(MemoryPool, HoldsWhatWasAskedFor) {
  Source source;
  const auto pool = source.pool();
  for (const size_t bytes :
       {size_t{0}, size_t{1}, size_t{511}, size_t{513}, (size_t{1} << 20) + 1, size_t{3'000'001}}) {
    const auto block = pool->take(bytes);
    std::fill_n(block.get(), bytes, std::byte{1});  // an address sanitizer would tell
  }
}

TEST(MemoryPool, IdleBlocksMakeWay) {
  Source source{.limit = 2};
  const auto pool = source.pool();
  pool->take(1 << 20).reset();
  pool->take(1 << 16).reset();
  EXPECT_NO_THROW(pool->take(1 << 24));
  EXPECT_EQ(Source::freed, 2u);
  const auto one = pool->take(1 << 10), two = pool->take(1 << 12);
  EXPECT_THROW(pool->take(1 << 14), Error);
}

TEST(MemoryPool, LivesAsLongAsItsBlocks) {
  Source source;
  auto pool = source.pool();
  auto block = pool->take(4096);
  pool.reset();
  EXPECT_EQ(Source::freed, 0u);
  block.reset();
  EXPECT_EQ(Source::freed, 1u);
}

}  // namespace
}  // namespace mica
