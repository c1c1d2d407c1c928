#include "backends/cpu/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "backends/cpu/take_in_order.h"

namespace mica {
namespace {

TEST(ThreadPool, VisitsEveryIndexOnce) {
  for (const int threads : {-1, 1, 2, 3, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), std::max(threads, 1));
    for (const int64_t count : {0, 1, 2, 7, 64, 1000}) {
      for (const int64_t grain : {-1, 1, 3, 64, 5000}) {
        std::vector<int> visits(static_cast<size_t>(count));
        pool.parallel_for(count, grain, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
        });
        EXPECT_EQ(visits, std::vector<int>(static_cast<size_t>(count), 1)) << threads << " " << count << " " << grain;
      }
    }
  }
}

TEST(ThreadPool, CutsAtMultiplesOfTheGrainAndEvenly) {
  ThreadPool pool(3);
  std::mutex mutex;
  std::vector<std::pair<int64_t, int64_t>> parts;
  pool.parallel_for(50, 8, [&](int64_t begin, int64_t end) {
    const std::lock_guard lock(mutex);
    parts.emplace_back(begin, end);
  });
  std::sort(parts.begin(), parts.end());
  EXPECT_EQ(parts, (std::vector<std::pair<int64_t, int64_t>>{{0, 24}, {24, 40}, {40, 50}}));
}

TEST(ThreadPool, APartRunsOnItsThreadOrOnTheCaller) {
  ThreadPool pool(4);
  const auto caller = std::this_thread::get_id();
  std::vector<std::thread::id> own(4);
  for (int run = 0; run < 200; ++run) {
    pool.parallel_for(4, 1, [&](int64_t begin, int64_t) {
      const auto here = std::this_thread::get_id();
      EXPECT_TRUE(begin != 0 || here == caller);
      if (here == caller) return;
      auto& id = own[static_cast<size_t>(begin)];
      if (id == std::thread::id()) id = here;
      EXPECT_EQ(id, here);
    });
  }
}

TEST(ThreadPool, ThreadsTakePartInLongLoops) {
  ThreadPool pool(2);
  std::atomic<int> arrived{0};
  pool.parallel_for(2, 1, [&](int64_t, int64_t) {
    ++arrived;
    while (arrived < 2) std::this_thread::yield();  // ends only when two threads are here at once
  });
  EXPECT_EQ(arrived, 2);
}

TEST(ThreadPool, NoPartRunsTwiceOrNotAtAll) {
  ThreadPool pool(2);
  for (int run = 0; run < 2000; ++run) {  // some find the other thread asleep, some waking, some awake
    if (run % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(run % 64));
    int parts[2] = {0, 0};
    pool.parallel_for(2, 1, [&](int64_t begin, int64_t) { ++parts[begin]; });
    EXPECT_EQ(parts[0], 1);
    EXPECT_EQ(parts[1], 1);
  }
}

TEST(ThreadPool, WorkersWakeFromSleep) {
  ThreadPool pool(3);
  for (int run = 0; run < 5; ++run) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int64_t> sum{0};
    pool.parallel_for(100, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
    EXPECT_EQ(sum, 100);
  }
}

TEST(ThreadPool, RethrowsTheFirstExceptionAndStaysUsable) {
  ThreadPool pool(3);
  for (int run = 0; run < 50; ++run) {
    std::atomic<int> done{0};
    EXPECT_THROW(pool.parallel_for(3, 1,
                                   [&](int64_t begin, int64_t) {
                                     ++done;
                                     if (begin != 1) throw std::runtime_error("no");
                                   }),
                 std::runtime_error);
    EXPECT_EQ(done, 3);
  }
}

TEST(ThreadPool, ACallFromInsideRunsInline) {
  ThreadPool pool(3);
  std::atomic<int> inner{0};
  pool.parallel_for(3, 1, [&](int64_t, int64_t) {
    const auto outer = std::this_thread::get_id();
    pool.parallel_for(10, 1, [&](int64_t begin, int64_t end) {
      EXPECT_EQ(outer, std::this_thread::get_id());
      inner += static_cast<int>(end - begin);
    });
  });
  EXPECT_EQ(inner, 30);
}

TEST(ThreadPool, SeveralCallersAtOnce) {
  ThreadPool pool(3);
  std::atomic<int64_t> total{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int run = 0; run < 300; ++run) {
        std::vector<int64_t> data(64, 1);  // written by the loop, read after it: the sanitizer sees a missing order
        pool.parallel_for(64, 1, [&](int64_t begin, int64_t end) {
          for (int64_t j = begin; j < end; ++j) data[static_cast<size_t>(j)] += j;
        });
        for (const int64_t v : data) total += v;
      }
    });
  }
  for (std::thread& t : callers) t.join();
  EXPECT_EQ(total, 4 * 300 * (64 + 63 * 64 / 2));
}

TEST(ThreadPool, TakersShareAllOfALoopInShrinkingRanges) {
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    for (const int64_t count : {0, 1, 5, 1000}) {
      std::mutex mutex;
      std::vector<std::pair<int64_t, int64_t>> ranges;
      take_shrinking(pool, count, [&](int64_t begin, int64_t end) {
        const std::lock_guard lock(mutex);
        ranges.emplace_back(begin, end);
      });
      std::ranges::sort(ranges);
      int64_t at = 0, length = count;
      for (const auto& [begin, end] : ranges) {
        EXPECT_EQ(begin, at);
        EXPECT_GT(end, begin);
        EXPECT_LE(end - begin, length);
        length = end - begin;
        at = end;
      }
      EXPECT_EQ(at, count);
      std::vector<std::atomic<int>> taken(static_cast<size_t>(count));
      take_in_order(pool, count, [&](int64_t i) { ++taken[static_cast<size_t>(i)]; });
      EXPECT_TRUE(std::ranges::all_of(taken, [](const auto& times) { return times == 1; }));
    }
  }
}

}  // namespace
}  // namespace mica
