// How a product is computed: how its operands are read, in blocks of which size, and how it is split over threads.
#pragma once

#include <algorithm>

#include "kernels/matmul/gemm.h"
#include "kernels/matmul/tile_simd.h"

namespace mica {

struct GemmPlan {
  enum class Right : uint8_t {
    Packed,   ///< packed already
    InPlace,  ///< rows of adjacent elements, read where they lie
    Packing,  ///< packed block by block
    Filled,   ///< filled block by block
    Dots,     ///< columns of adjacent elements, read where they lie: sums along k
  };
  Right right = Right::Packed;
  bool pack_a = false;
  bool ahead = false;                    ///< while a block of b is multiplied, what the next one is made of is fetched
  int64_t k_pass = 0;                    ///< of k at a time
  int64_t rows = 0;                      ///< of a at a time
  int64_t columns = 0;                   ///< of b at a time: all, or a multiple of `group`
  int64_t group = 0;                     ///< columns that a row of tiles is wide
  int64_t a_row = 0;                     ///< of a packed block of a
  int64_t a_scratch = 0, b_scratch = 0;  ///< elements for each thread

  int64_t scratch() const { return a_scratch + b_scratch; }
};

/// A function of the product alone, not of threads. Not for empty products.
GemmPlan plan_gemm(const Product& product, const TileKernels& kernels);

/// Floating point operations that are worth starting another core for: 2 to 3 us.
inline constexpr double kWorthACore = 250e3;
inline double operations(const Product& p) {
  return 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(std::max<int64_t>(p.k, 1));
}

/// Whether columns go to whichever thread is free: they share the memory's bandwidth unevenly, and a guest's cores with
/// others. For right operands that no thread's cache holds, so that it does not matter who had which columns before.
bool shares_columns(const Product& product, const GemmPlan& plan, int threads);

/// Parts that a product is cut into along both dims of the result.
struct GemmSplit {
  int64_t rows = 1, columns = 1;
  int64_t parts() const { return rows * columns; }
};
GemmSplit split_gemm(const Product& product, const GemmPlan& plan, const TileKernels& kernels, int threads);

/// Elements from part `index` of `parts` on, when `count` is cut in nearly equal parts that are multiples of `grain`.
inline int64_t part_begin(int64_t index, int64_t parts, int64_t count, int64_t grain) {
  const int64_t grains = (count + grain - 1) / grain;
  return std::min(count, grains * index / parts * grain);
}

}  // namespace mica
