// Index arithmetic and launch geometry, which kernels do as these tests do.
#include "kernels/cuda/walk.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "kernels/attention/attention_cuda.h"
#include "kernels/cuda/fault.h"
#include "kernels/cuda/grid.h"
#include "kernels/cuda/operand.h"
#include "kernels/matmul/gemm_cuda.h"

namespace mica::cuda {
namespace {

TEST(Divisor, DividesAsTheProcessorDoes) {
  std::mt19937 random(1);
  std::vector<uint32_t> numbers = {0, 1, 2, 3, 5, 7, 10, 31, 32, 33, 1000, 65535, 65536, 0x7ffffffe, 0x7fffffff};
  for (int i = 0; i < 200; ++i) numbers.push_back(static_cast<uint32_t>(random()) >> (1 + random() % 31));
  for (const uint32_t divisor : numbers) {
    if (divisor == 0) continue;
    const Divisor by(divisor);
    for (const uint32_t n : numbers) ASSERT_EQ(by.divide(n), n / divisor) << n << " / " << divisor;
    for (const uint32_t multiple : {divisor - 1, divisor}) {
      ASSERT_EQ(by.divide(multiple), multiple / divisor) << multiple << " / " << divisor;
    }
  }
}

struct Axis {
  int64_t extent, a, b;
};

// Offsets of both operands in the order of the indices, by nested loops; the last axis is the innermost.
std::vector<std::pair<int64_t, int64_t>> by_loops(const std::vector<Axis>& axes) {
  std::vector<std::pair<int64_t, int64_t>> offsets = {{0, 0}};
  for (const Axis& axis : axes) {
    std::vector<std::pair<int64_t, int64_t>> next;
    for (const auto& [a, b] : offsets) {
      for (int64_t i = 0; i < axis.extent; ++i) next.emplace_back(a + i * axis.a, b + i * axis.b);
    }
    offsets = std::move(next);
  }
  return offsets;
}

Walk<2> walk_of(const std::vector<Axis>& axes) {
  Walk<2> walk;
  for (size_t i = axes.size(); i-- > 0;) walk.add(axes[i].extent, {{axes[i].a, axes[i].b}});
  return walk;
}

TEST(Walk, VisitsWhatNestedLoopsDo) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    std::vector<Axis> axes;
    for (size_t rank = random() % 6; rank > 0; --rank) {
      axes.push_back({static_cast<int64_t>(random() % 5), static_cast<int64_t>(random() % 7) - 3,
                      static_cast<int64_t>(random() % 9)});
    }
    const auto expected = by_loops(axes);
    Walk<2> walk = walk_of(axes);
    ASSERT_EQ(walk.elements, static_cast<int64_t>(expected.size()));
    for (const bool small : {true, false}) {
      walk.small = small;
      for (size_t i = 0; i < expected.size(); ++i) {
        const auto at = walk.at(static_cast<int64_t>(i));
        ASSERT_EQ(at.of[0], expected[i].first);
        ASSERT_EQ(at.of[1], expected[i].second);
      }
    }
  }
}

TEST(Walk, AxesThatAllCrossEvenlyAreOne) {
  EXPECT_EQ(walk_of({{2, 12, 12}, {3, 4, 4}, {4, 1, 1}}).rank, 1);
  EXPECT_EQ(walk_of({{2, 12, 0}, {3, 4, 4}, {4, 1, 1}}).rank, 2);
  EXPECT_EQ(walk_of({{1, 9, 9}, {1, 3, 5}}).rank, 0);
}

TEST(Walk, FindsElementsBeyondTwoToTheThirtyFirst) {
  Walk<1> walk;
  walk.add(3, {{1}});
  walk.add(int64_t{1} << 32, {{5}});
  EXPECT_FALSE(walk.small);
  EXPECT_EQ(walk.at(3 * ((int64_t{1} << 32) - 1) + 2).of[0], 5 * ((int64_t{1} << 32) - 1) + 2);
}

TEST(BroadcastWalk, AlignsShapesAtTheirEnds) {
  const Shape out{2, 3, 4}, row{4}, column{3, 1}, scalar{};
  const auto walk = broadcast_walk<3>(out, {&row, &column, &scalar});
  for (int64_t i = 0; i < 24; ++i) {
    EXPECT_EQ(walk.at(i).of[0], i % 4);
    EXPECT_EQ(walk.at(i).of[1], i / 4 % 3);
    EXPECT_EQ(walk.at(i).of[2], 0);
  }
  const Shape other{5};
  EXPECT_THROW(broadcast_walk<1>(out, {&other}), Error);
}

TEST(TilePlace, EveryTileIsComputedOnce) {
  for (const auto& [down, across] : {std::pair{1, 1}, {3, 7}, {8, 4}, {17, 5}, {40, 1}}) {
    std::set<std::pair<int64_t, int64_t>> seen;
    for (int64_t i = 0; i < down * across; ++i) {
      const TilePlace place = tile_place(i, down, across);
      EXPECT_LT(place.row, down);
      EXPECT_LT(place.column, across);
      seen.emplace(place.row, place.column);
    }
    EXPECT_EQ(seen.size(), static_cast<size_t>(down * across));
  }
}

TEST(GemmTile, SmallProblemsGetSmallTiles) {
  EXPECT_EQ(gemm_tile(Number::F32, 4096, 4096, 1).rows, 128);
  EXPECT_EQ(gemm_tile(Number::F32, 128, 3072, 1).rows, 32);
  EXPECT_EQ(gemm_tile(Number::F32, 128, 128, 64).rows, 64);
  EXPECT_EQ(gemm_tile(Number::F16, 4096, 4096, 1).rows, 64);
}

TEST(Grids, CoverAllElementsWithinTheLimits) {
  for (const int64_t count : {int64_t{0}, int64_t{1}, int64_t{256}, int64_t{257}, int64_t{1} << 40}) {
    const Grid grid = over_elements(count);
    EXPECT_GE(grid.x, 1u);
    EXPECT_LE(static_cast<int64_t>(grid.x), kMostBlocks);
  }
  EXPECT_FALSE(over_rows(10, 1024).whole_block);
  EXPECT_EQ(over_rows(10, 1024).grid.x, 3u);
  EXPECT_TRUE(over_rows(10, 1025).whole_block);
  EXPECT_EQ(over_rows(10, 1025).grid.x, 10u);
}

TEST(PlaceOf, RefusesWhatIsOutOfRange) {
  EXPECT_EQ(place_of(2, 3), 2);
  EXPECT_EQ(place_of(-3, 3), 0);
  EXPECT_EQ(place_of(3, 3), -1);
  EXPECT_EQ(place_of(-4, 3), -1);
  EXPECT_EQ(place_of(0, 0), -1);
}

TEST(VisibleKeys, EndWhereTheLastQueryDoes) {
  AttentionCall call{};
  call.rows = 10;
  const auto range = [&](int64_t offset, int64_t row, int64_t count) {
    const KeyRange keys = visible_keys(call, {14, offset}, row, count);
    return std::pair(keys.begin, keys.end);
  };
  EXPECT_EQ(range(0, 0, 4), std::pair(0L, 14L));
  call.causal = true;
  EXPECT_EQ(range(4, 0, 4), std::pair(0L, 8L));
  EXPECT_EQ(range(4, 8, 4), std::pair(0L, 14L));
  EXPECT_EQ(range(-12, 0, 4), std::pair(0L, 0L));
  call.window = 3;
  EXPECT_EQ(range(4, 0, 4), std::pair(2L, 8L));
  EXPECT_EQ(range(20, 0, 4), std::pair(18L, 18L));
}

}  // namespace
}  // namespace mica::cuda
