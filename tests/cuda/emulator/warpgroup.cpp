#include "tests/cuda/emulator/warpgroup.h"

#include <cstring>
#include <utility>
#include <vector>

#include "backends/cuda/tensor_map.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/warpgroup_tile.h"

namespace mica {

// An emulated map is the layout itself.
std::optional<cuda::TensorMap> make_tensor_map(const cuda::TensorLayout& layout) {
  if (!cuda::is_mappable(layout) || reinterpret_cast<uintptr_t>(layout.data) % 16 != 0) return std::nullopt;
  cuda::TensorMap map;
  static_assert(sizeof layout <= sizeof map);
  std::memcpy(map.words, &layout, sizeof layout);
  return map;
}

namespace emulator {
namespace {

constexpr int kThreads = 128, kRows = 64, kMostColumns = 128, kDepth = 16;

struct TileProduct {
  float* sums;
  int columns;
  uint64_t a;
  const uint32_t* fragment;  ///< of a; null: it is the tile
  uint64_t b;
  Operand operand;
  bool across_b, add;
};

float element(const cuda::TileDescriptor& tile, uint32_t offset, Operand operand) {
  uint16_t bits;
  std::memcpy(&bits, at_shared_address(cuda::swizzled(tile.address + offset)), sizeof bits);
  return decode(bits, operand);
}

void multiply(void* const* arguments) {
  const auto thread = [&](int i) -> const TileProduct& { return *static_cast<const TileProduct*>(arguments[i]); };
  const TileProduct& product = thread(0);
  const cuda::TileDescriptor tile_a = cuda::decode(product.a), tile_b = cuda::decode(product.b);
  static float a[kRows][kDepth], b[kMostColumns][kDepth];
  for (int i = 0; i < kThreads && product.fragment != nullptr; ++i) {
    for (int j = 0; j < 8; ++j) {  // 16-bit elements: fragment a of mma.m16n8k16
      const int row = i / 32 * 16 + i % 32 / 4 + j / 2 % 2 * 8, k = i % 4 * 2 + j % 2 + j / 4 * 8;
      a[row][k] = decode(static_cast<uint16_t>(thread(i).fragment[j / 2] >> j % 2 * 16), product.operand);
    }
  }
  for (int k = 0; k < kDepth; ++k) {
    for (int row = 0; row < kRows && product.fragment == nullptr; ++row) {
      a[row][k] = element(tile_a, cuda::offset_along_depth(tile_a, row, k), product.operand);
    }
    for (int column = 0; column < product.columns; ++column) {
      const uint32_t offset =
          product.across_b ? cuda::offset_across_depth(tile_b, column, k) : cuda::offset_along_depth(tile_b, column, k);
      b[column][k] = element(tile_b, offset, product.operand);
    }
  }
  for (int i = 0; i < kThreads; ++i) {
    const int lane = i % 32;
    for (int j = 0; j < kRows * product.columns / kThreads; ++j) {
      const int row = i / 32 * 16 + lane / 4 + j % 4 / 2 * 8, column = j / 4 * 8 + lane % 4 * 2 + j % 2;
      float sum = 0;
      for (int k = 0; k < kDepth; ++k) sum += a[row][k] * b[column][k];
      thread(i).sums[j] = product.add ? thread(i).sums[j] + sum : sum;
    }
  }
}

/// Of a thread: the last are not committed yet.
using ProductGroup = std::vector<TileProduct>;
struct Products {
  ProductGroup open;
  std::vector<ProductGroup> groups;
};

Products& own_products() {
  static Products products[1024];
  return products[threadIdx.x];
}

// Zeros stand for what is outside.
void copy(std::byte* tile, const cuda::TensorLayout& map, const std::array<int, 4>& at) {
  for (int row = 0; row < map.box_rows; ++row) {
    for (int column = 0; column < map.box_columns; ++column) {
      const int64_t x = at[0] + column, y = at[1] + row, z = at[2], w = at[3];
      uint16_t bits = 0;
      if (x < map.columns && y < map.rows && z < map.matrices && (w == 0 || w < map.stacks)) {
        bits = static_cast<const uint16_t*>(map.data)[w * map.stack_step + z * map.matrix_step + y * map.row_step + x];
      }
      const uint32_t place = cuda::swizzled(static_cast<uint32_t>(row * cuda::kTileRow + column * 2));
      std::memcpy(tile + place, &bits, sizeof bits);
    }
  }
}

}  // namespace

void CopyBarrier::arrive(unsigned announced) {
  if (missing == 0) die("more threads arrive at a barrier than it is for");
  --missing;
  bytes += static_cast<int32_t>(announced);
  end_phase();
}

void CopyBarrier::complete(unsigned copied) {
  bytes -= static_cast<int32_t>(copied);
  end_phase();
}

void CopyBarrier::end_phase() {
  if (missing != 0 || bytes != 0) return;
  phase ^= 1;
  missing = arrivals;
}

void copy_box(void* tile, const cuda::TensorMap& map, CopyBarrier* barrier, const std::array<int, 4>& at) {
  cuda::TensorLayout layout;
  std::memcpy(static_cast<void*>(&layout), &map, sizeof layout);
  if (shared_address(tile) % cuda::kTileAlignment != 0) die("tiles are aligned to 1024 bytes");
  if (layout.box_columns * 2 != cuda::kTileRow || layout.box_rows > 256)
    die("a box that the copy engine does not take");
  at_some_time([=] {
    copy(static_cast<std::byte*>(tile), layout, at);
    barrier->complete(static_cast<unsigned>(layout.box_rows * cuda::kTileRow));
  });
}

void multiply_tiles(float* sums, uint64_t a, uint64_t b, Operand operand, bool across_b, bool add) {
  own_products().open.push_back({sums, kMostColumns, a, nullptr, b, operand, across_b, add});
}

void multiply_registers(float* sums, int columns, const uint32_t* a, uint64_t b, Operand operand) {
  own_products().open.push_back({sums, columns, 0, a, b, operand, true, true});
}

void commit_products() {
  Products& own = own_products();
  own.groups.push_back(std::exchange(own.open, {}));
}

void wait_for_products(int groups_left) {
  std::vector<ProductGroup>& groups = own_products().groups;
  while (static_cast<int>(groups.size()) > groups_left) {
    for (TileProduct& product : groups.front()) together_in_warpgroup(&product, multiply);
    groups.erase(groups.begin());
  }
}

}  // namespace emulator
}  // namespace mica
