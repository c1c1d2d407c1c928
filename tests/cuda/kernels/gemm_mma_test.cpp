// Products on tensor cores with every tile, layout and type, of sizes that leave tiles partly empty.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <set>

#include "backends/cuda/tensor_map.h"
#include "kernels/matmul/gemm_mma_cuda.h"
#include "kernels/matmul/gemm_wgmma_cuda.h"
#include "runtime/base/half.h"
#include "tests/cuda/kernels/device_test.h"

namespace mica {
namespace {

// Vectors that are read together lie in different banks, of which 16 bytes are a quarter of a cycle's 128 bytes.
TEST(MmaTile, HasNoBankConflicts) {
  for (int first = 0; first < 64; first += 8) {
    for (int vector = 0; vector < cuda::kMmaVectors; ++vector) {
      std::set<int> along;
      for (int i = 0; i < 8; ++i) along.insert(cuda::place_along_depth(first + i, vector) % 8);
      EXPECT_EQ(along.size(), 8u);
    }
    for (const int lines : {64, 128}) {
      for (int depth = 0; depth < cuda::kMmaDepth; depth += 8) {
        std::set<int> halves, words;
        for (int i = 0; i < 8; ++i) {
          halves.insert(cuda::place_across_depth(lines / 8, first / 8, depth + i, 2) % 8);
          words.insert(cuda::place_across_depth(lines / 4, first / 4 + i / 4, depth / 2 + i % 4, 4) % 8);
        }
        EXPECT_EQ(halves.size(), 8u);
        EXPECT_EQ(words.size(), 8u);
      }
    }
  }
}

TEST(MmaTile, EveryVectorHasAPlaceOfItsOwn) {
  for (const int lines : {64, 128}) {
    std::set<int> along, halves, words;
    for (int line = 0; line < lines; ++line) {
      for (int vector = 0; vector < cuda::kMmaVectors; ++vector) along.insert(cuda::place_along_depth(line, vector));
    }
    for (int depth = 0; depth < 32; ++depth) {
      for (int vector = 0; vector < lines / 8; ++vector) {
        halves.insert(cuda::place_across_depth(lines / 8, vector, depth, 2));
      }
    }
    for (int depth = 0; depth < 16; ++depth) {
      for (int vector = 0; vector < lines / 4; ++vector) {
        words.insert(cuda::place_across_depth(lines / 4, vector, depth, 4));
      }
    }
    const int vectors = lines * cuda::kMmaVectors;
    for (const std::set<int>& places : {along, halves, words}) {
      EXPECT_EQ(places.size(), static_cast<size_t>(vectors));
      EXPECT_EQ(*places.rbegin(), vectors - 1);
    }
  }
}

TEST(MmaTile, PartsCoverK) {
  for (const int64_t m : {5, 64, 200, 5000}) {
    for (const int64_t k : {0, 1, 500, 512, 1000, 4097, 100000}) {
      const cuda::MmaCut cut = cuda::mma_cut(m, 300, k, 1);
      if (cut.splits == 1) {
        EXPECT_EQ(cut.split_depth, k);
        continue;
      }
      EXPECT_EQ(cut.split_depth % cuda::kMmaDepth, 0);
      EXPECT_LT((cut.splits - 1) * cut.split_depth, k);
      EXPECT_GE(cut.splits * cut.split_depth, k);
    }
  }
}

struct MmaCase {
  std::string name;
  cuda::MmaCut cut;
  int64_t m, n, k;
  bool brain = false, inner_a = true, inner_b = true;
  int64_t padding = 0;  ///< of rows as they are stored, in elements
  cuda::Number result = cuda::Number::F32;
  int warpgroup_columns = 0;  ///< of tiles by warpgroups, instead of the cut
  bool tf32 = false;          ///< floats, which tf32 holds exactly
};

std::vector<MmaCase> all_cases() {
  std::vector<MmaCase> cases;
  for (const auto& [rows, columns] : {std::pair{128, 128}, {128, 64}, {64, 64}}) {
    for (const bool brain : {false, true}) {
      for (const bool inner_b : {false, true}) {
        const std::string name = std::to_string(rows) + "_" + std::to_string(columns) + (brain ? "_brain" : "_half") +
                                 (inner_b ? "_along" : "_across");
        cases.push_back({name, {rows, columns, 1, 72}, 152, 136, 72, brain, true, inner_b});
      }
    }
  }
  const cuda::MmaCut small{64, 64, 1, 1000};
  cases.push_back({"odd_sizes", small, 67, 45, 51, false, true, false});
  cases.push_back({"odd_sizes_along", small, 67, 45, 51, true, true, true});
  cases.push_back({"transposed_left", small, 70, 64, 40, false, false, false});
  cases.push_back({"short_k_in_padded_rows", small, 20, 24, 37, false, true, true, 3});
  cases.push_back({"short_n_in_padded_rows", small, 20, 21, 32, true, true, false, 3});
  cases.push_back({"one", small, 1, 1, 1, false, true, true});
  cases.push_back({"no_depth", {64, 64, 1, 0}, 3, 4, 0, false, true, true});
  cases.push_back({"parts", {64, 64, 3, 64}, 70, 30, 160, false, true, false});
  cases.push_back({"parts_to_half", {64, 64, 2, 96}, 9, 40, 161, false, true, true, 0, cuda::Number::F16});
  cases.push_back({"to_half", small, 33, 40, 64, false, true, false, 0, cuda::Number::F16});
  cases.push_back({"to_brain", small, 33, 41, 64, true, true, false, 0, cuda::Number::BF16});
  for (const auto& [rows, columns] : {std::pair{128, 128}, {128, 64}, {64, 64}}) {
    for (const bool inner_b : {false, true}) {
      const std::string name = "tf32_" + std::to_string(rows) + "_" + std::to_string(columns);
      cases.push_back({name + (inner_b ? "_along" : "_across"),
                       {rows, columns, 1, 36},
                       152,
                       136,
                       36,
                       false,
                       true,
                       inner_b,
                       0,
                       cuda::Number::F32,
                       0,
                       true});
    }
  }
  for (const bool inner : {false, true}) {
    const std::string name = std::string("tf32") + (inner ? "_along" : "_across");
    cases.push_back({name + "_odd_sizes", small, 67, 45, 51, false, true, inner, 0, cuda::Number::F32, 0, true});
    cases.push_back(
        {name + "_parts", {64, 64, 3, 64}, 70, 30, 160, false, inner, inner, 0, cuda::Number::F32, 0, true});
  }
  for (const int columns : {128, 256}) {
    for (const bool inner_b : {false, true}) {
      const std::string name = "warpgroups_" + std::to_string(columns) + (inner_b ? "_along" : "_across");
      cases.push_back({name + "_half", {}, 152, 264, 136, false, true, inner_b, 0, cuda::Number::F32, columns});
      cases.push_back({name + "_brain", {}, 136, 400, 200, true, true, inner_b, 8, cuda::Number::BF16, columns});
    }
  }
  cases.push_back({"warpgroups_many_tiles", {}, 600, 392, 328, false, true, true, 0, cuda::Number::F16, 128});
  return cases;
}

class MmaProducts : public DeviceTest<MmaCase> {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (IsSkipped()) return;
    const int least = GetParam().tf32    ? cuda::kTf32Products
                      : GetParam().brain ? cuda::kBrainProducts
                                         : cuda::kHalfProducts;
    const int capability = device_->info().capability;
    const bool by_warpgroups = GetParam().warpgroup_columns > 0;
    if (by_warpgroups ? capability != cuda::kWgmmaCapability : capability < least)
      GTEST_SKIP() << "skipped: no instruction for it";
  }

  // A matrix on the device, of random numbers that its type holds exactly, and what they are.
  struct Matrix {
    std::shared_ptr<std::byte> memory;
    std::vector<double> values;
    int64_t row, column;
  };
  Matrix make(int64_t rows, int64_t columns, bool rows_adjacent, uint32_t seed) {
    const auto& of = GetParam();
    const int64_t inner = (rows_adjacent ? columns : rows) + of.padding, outer = rows_adjacent ? rows : columns;
    std::mt19937 random(seed);
    std::vector<uint16_t> bits(static_cast<size_t>(inner * outer));
    Matrix made{device_->allocate(bits.size() * 4 + 4), {}, rows_adjacent ? inner : 1, rows_adjacent ? 1 : inner};
    std::vector<float> stored;
    for (uint16_t& word : bits) {
      const float value = static_cast<float>(random()) / 0x1p31f - 1;
      word = of.brain ? BFloat16(value).bits : Half(value).bits;
      stored.push_back(of.brain ? static_cast<float>(BFloat16(value)) : static_cast<float>(Half(value)));
    }
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        made.values.push_back(stored[static_cast<size_t>(i * made.row + j * made.column)]);
      }
    }
    if (of.tf32) stream_->upload(made.memory.get(), stored.data(), stored.size() * 4);
    if (!of.tf32) stream_->upload(made.memory.get(), bits.data(), bits.size() * 2);
    stream_->synchronize();
    return made;
  }
};

TEST_P(MmaProducts, AreSumsOfProducts) {
  const auto& of = GetParam();
  const Matrix a = make(of.m, of.k, of.inner_a, 1), b = make(of.k, of.n, !of.inner_b, 2);
  const size_t bytes = of.result == cuda::Number::F32 ? 4 : 2, count = static_cast<size_t>(of.m * of.n);
  const auto c = device_->allocate(count * bytes);
  const auto workspace = device_->allocate(static_cast<size_t>(cuda::mma_workspace(of.cut, of.m, of.n)) * 4);
  cuda::GemmCall call{of.result, of.m, of.n, of.k, {a.memory.get(), a.row, a.column}, {b.memory.get(), b.row, b.column},
                      c.get(),   of.n, {}};
  call.alpha = 0.5f;
  const cuda::Number operands = of.brain ? cuda::Number::BF16 : cuda::Number::F16;
  if (const cuda::WgmmaCut cut{of.warpgroup_columns}; cut.columns > 0) {
    const cuda::WgmmaOperands sides = cuda::wgmma_operands(call, cut);
    ASSERT_TRUE(sides.possible);
    const auto map_a = make_tensor_map(sides.a), map_b = make_tensor_map(sides.b);
    ASSERT_TRUE(map_a && map_b);
    cuda::launch_gemm_wgmma(call, operands, cut, *map_a, *map_b, stream_->handle());
  } else if (of.tf32) {
    cuda::launch_gemm_tf32(call, of.cut, reinterpret_cast<float*>(workspace.get()), stream_->handle());
  } else {
    cuda::launch_gemm_mma(call, operands, of.cut, reinterpret_cast<float*>(workspace.get()), stream_->handle());
  }
  std::vector<std::byte> raw(count * bytes);
  stream_->download(raw.data(), c.get(), raw.size());
  stream_->synchronize();
  for (int64_t i = 0; i < of.m; ++i) {
    for (int64_t j = 0; j < of.n; ++j) {
      double sum = 0, size = 0;
      for (int64_t l = 0; l < of.k; ++l) {
        const double term = a.values[static_cast<size_t>(i * of.k + l)] * b.values[static_cast<size_t>(l * of.n + j)];
        sum += 0.5 * term;
        size += std::abs(0.5 * term);
      }
      const size_t at = static_cast<size_t>(i * of.n + j) * bytes;
      float got;
      uint16_t bits = 0;
      std::memcpy(&bits, &raw[at], 2);
      if (of.result == cuda::Number::F32) std::memcpy(&got, &raw[at], 4);
      if (of.result == cuda::Number::F16) got = Half::decode(bits);
      if (of.result == cuda::Number::BF16) got = std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
      // Sums in float, and half a unit of what is stored.
      const double unit = of.result == cuda::Number::F32 ? 0 : of.result == cuda::Number::F16 ? 0x1p-11 : 0x1p-8;
      ASSERT_NEAR(got, sum, 1e-6 * size + unit * std::abs(sum) + 1e-7) << i << ", " << j;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, MmaProducts, testing::ValuesIn(all_cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace mica
