#include "kernels/matmul/gemm_plan.h"

#include <algorithm>

#include "backends/cpu/caches.h"
#include "kernels/round_up.h"

namespace mica {
namespace {

constexpr int64_t kMostDotRows = 8;  // beyond, packing pays

// The size of the parts when `count` is cut in as few parts of at most `most` as possible, multiples of `grain`.
int64_t even_part(int64_t count, int64_t most, int64_t grain) {
  const int64_t parts = std::max<int64_t>(1, ceil_div(count, std::max<int64_t>(most, grain)));
  return round_up(std::max<int64_t>(1, ceil_div(count, parts)), grain);
}

// Whether the rows of a tile lie in so few sets of the first-level cache that they drive each other out, and enough
// columns make use of a copy.
bool rows_collide(const Product& p, const TileKernels& kernels) {
  constexpr int64_t kHalfPage = 2048 / sizeof(float);
  return p.a_pieces.k == 0 && p.a.column == 1 && p.a.row != 0 && p.a.row % kHalfPage == 0 && p.m >= kernels.rows &&
         p.n >= 4 * kPanel;
}

GemmPlan::Right way_of(const Product& p, const TileKernels& kernels) {
  if (p.packed_b != nullptr) return GemmPlan::Right::Packed;
  if (p.fill_b != nullptr) return GemmPlan::Right::Filled;
  if (p.b.column == 1 || p.n == 1) return p.m <= 4 * kernels.rows ? GemmPlan::Right::InPlace : GemmPlan::Right::Packing;
  return p.b.row == 1 && p.m <= kMostDotRows ? GemmPlan::Right::Dots : GemmPlan::Right::Packing;
}

}  // namespace

GemmPlan plan_gemm(const Product& p, const TileKernels& kernels) {
  const CacheSizes& cache = cache_sizes();
  constexpr int64_t kFloat = sizeof(float);
  GemmPlan plan;
  plan.right = way_of(p, kernels);
  plan.pack_a = p.fill_a != nullptr || (p.a.column != 1 && p.k != 1) || rows_collide(p, kernels);
  plan.group = kernels.shapes.panels[std::min<int64_t>(p.m, kernels.rows)] * kPanel;

  // A panel of one pass takes an eighth of the second-level cache, unless few rows use it.
  const int64_t most_k = std::clamp<int64_t>(cache.l2 / 8 / (kPanel * kFloat), 256, 1024);
  const bool blocks = plan.right == GemmPlan::Right::Packing || plan.right == GemmPlan::Right::Filled;
  const bool one_pass = plan.right == GemmPlan::Right::Dots || p.a_pieces.k != 0 || p.k <= most_k * 5 / 4 ||
                        ((!blocks || p.sums_as_packed) && p.m <= 2 * kernels.rows);
  plan.k_pass = one_pass ? std::max<int64_t>(p.k, 1) : even_part(p.k, most_k, 8);
  // The block of a that is swept for every panel takes half of the second-level cache.
  const int64_t most_a = cache.l2 / 2 / kFloat;
  plan.rows = p.m * plan.k_pass <= most_a ? p.m : even_part(p.m, most_a / plan.k_pass, kernels.rows);
  plan.ahead = plan.right == GemmPlan::Right::Filled && p.b.data != nullptr;
  // A block of b, with the next one if that is fetched meanwhile, takes a quarter.
  const int64_t most_b = cache.l2 / (plan.ahead ? 8 : 4) / kFloat;
  plan.columns = blocks ? even_part(p.n, most_b / plan.k_pass, plan.group) : p.n;

  if (plan.pack_a) {
    plan.a_row = round_up(plan.k_pass, kPanel) + kPanel;  // not a multiple of the size of a page
    plan.a_scratch = std::min(plan.rows, p.m) * plan.a_row;
  }
  if (blocks) plan.b_scratch = round_up(plan.columns, kPanel) * plan.k_pass;
  if (plan.right == GemmPlan::Right::InPlace && p.n % kernels.lanes != 0) plan.b_scratch = kPanel * plan.k_pass;
  plan.b_scratch = round_up(plan.b_scratch, kPanel);
  plan.a_scratch = round_up(plan.a_scratch, kPanel);
  return plan;
}

bool shares_columns(const Product& p, const GemmPlan& plan, int threads) {
  constexpr int64_t kBeyondCaches = int64_t{256} << 10;  // elements of the right operand
  constexpr int64_t kGroups = 4;  // for each thread: what one of them does alone at the end is little
  return plan.right == GemmPlan::Right::Packed && plan.scratch() == 0 && p.k * p.n >= kBeyondCaches &&
         ceil_div(p.n, plan.group) >= kGroups * threads;
}

GemmSplit split_gemm(const Product& p, const GemmPlan& plan, const TileKernels& kernels, int threads) {
  const int64_t parts = static_cast<int64_t>(std::min<double>(threads, operations(p) / kWorthACore));
  GemmSplit best;
  if (parts <= 1) return best;
  const int64_t row_tiles = ceil_div(p.m, kernels.rows);
  const int64_t groups = ceil_div(p.n, plan.group);
  // The part with most tiles decides. A block that each of several parts along the other dim packs for itself counts as
  // a few rows, or part of a group of columns, more.
  const bool packs = plan.right == GemmPlan::Right::Packing || plan.right == GemmPlan::Right::Filled;
  const double packed_rows = packs ? 2 : 0, packed_groups = plan.pack_a ? 0.25 : 0;
  const auto work = [&](int64_t rows, int64_t columns) {
    return (static_cast<double>(ceil_div(row_tiles, rows)) + packed_rows) *
           (static_cast<double>(ceil_div(groups, columns)) + packed_groups);
  };
  // Of the same work, the split in which less is read by several: rows of a by each part of b, columns of b likewise.
  const auto read = [&](int64_t rows, int64_t columns) { return p.m * columns + p.n * rows; };
  double least = work(1, 1);
  for (int64_t columns = std::min(parts, groups); columns >= 1; --columns) {
    const int64_t rows = std::min(parts / columns, row_tiles);
    const double most = work(rows, columns);
    if (most < least || (most == least && read(rows, columns) < read(best.rows, best.columns))) {
      least = most;
      best = {rows, columns};
    }
  }
  return best;
}

}  // namespace mica
