// Weights of a few bits: their decoding on every instruction set, MatMulNBits and GatherBlockQuantized.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/quant/nbits_simd.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"

namespace mica {
namespace {

std::vector<uint8_t> random_bytes(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> result(count);
  for (uint8_t& x : result) x = static_cast<uint8_t>(random());
  return result;
}

int code_of(const std::vector<uint8_t>& bytes, int64_t i, int bits) {
  return bytes[static_cast<size_t>(i * bits / 8)] >> (i * bits % 8) & ((1 << bits) - 1);
}

TEST(NBitsKernels, EveryLength) {
  const auto bytes = random_bytes(80, 1);
  for (const auto& [isa, table] : runnable(nbits_kernels_all())) {
    for (const auto& [bits, decode] : {std::pair{2, table->decode2}, {4, table->decode4}, {8, table->decode8}}) {
      for (int64_t n = 0; n <= 70; ++n) {
        std::vector<float> y(71, -1);
        decode(bytes.data(), 0.5f, 3, y.data(), n);
        for (int64_t i = 0; i < n; ++i) {
          EXPECT_EQ(y[static_cast<size_t>(i)], (static_cast<float>(code_of(bytes, i, bits)) - 3) * 0.5f)
              << isa << " bits " << bits << " at " << i << " of " << n;
        }
        EXPECT_EQ(y[static_cast<size_t>(n)], -1) << isa;
      }
    }
  }
}

enum class Zeros { None, Packed, Float };

// A last block that is not full, packed zero points with a padded row, groups in another order.
void check_matmul(int64_t m, int bits, Zeros zeros, bool grouped) {
  const int64_t n = 21, k = 72, block = 16, blocks = 5;
  const auto codes = random_bytes(static_cast<size_t>(n * blocks * block * bits / 8), 2);
  const int64_t zero_pitch = (blocks * bits + 7) / 8;
  const auto zero_codes = random_bytes(static_cast<size_t>(n * zero_pitch), 3);
  std::vector<float> a, scales, bias, zero_floats;
  std::vector<int32_t> groups;
  for (int64_t i = 0; i < m * k; ++i) a.push_back(static_cast<float>(std::sin(static_cast<double>(i))));
  for (int64_t i = 0; i < n * blocks; ++i) {
    scales.push_back(0.01f * static_cast<float>(i + 1));
    zero_floats.push_back(0.5f * static_cast<float>(i));
  }
  for (int64_t i = 0; i < n; ++i) bias.push_back(static_cast<float>(i));
  for (int64_t i = 0; i < k; ++i) groups.push_back(static_cast<int32_t>((i * 3) % blocks));
  std::vector<Tensor> inputs = {Tensor::of<float>({1, m, k}, std::span<const float>(a)),
                                Tensor::of<uint8_t>({n, blocks, block * bits / 8}, std::span<const uint8_t>(codes)),
                                Tensor::of<float>({n * blocks}, std::span<const float>(scales)),
                                {},
                                {},
                                Tensor::of<float>({n}, std::span<const float>(bias))};
  if (zeros == Zeros::Packed) inputs[3] = Tensor::of<uint8_t>({n * zero_pitch}, std::span<const uint8_t>(zero_codes));
  if (zeros == Zeros::Float) inputs[3] = Tensor::of<float>({n, blocks}, std::span<const float>(zero_floats));
  if (grouped) inputs[4] = Tensor::of<int32_t>({k}, std::span<const int32_t>(groups));
  const auto y = run_op(
      {"MatMulNBits", 1, {{"K", k}, {"N", n}, {"bits", int64_t{bits}}, {"block_size", block}}, 1, "com.microsoft"},
      inputs);
  ASSERT_EQ(y[0].tensor.shape(), (Shape{1, m, n}));
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = bias[static_cast<size_t>(j)];
      for (int64_t p = 0; p < k; ++p) {
        const int64_t group = grouped ? groups[static_cast<size_t>(p)] : p / block;
        const size_t at = static_cast<size_t>(j * blocks + group);
        double zero = 1 << (bits - 1);
        if (zeros == Zeros::Packed) zero = code_of(zero_codes, j * zero_pitch * 8 / bits + group, bits);
        if (zeros == Zeros::Float) zero = static_cast<double>(zero_floats[at]);
        sum += static_cast<double>(a[static_cast<size_t>(i * k + p)]) *
               (code_of(codes, j * blocks * block + p, bits) - zero) * static_cast<double>(scales[at]);
      }
      EXPECT_NEAR(y[0].tensor.as<float>()[static_cast<size_t>(i * n + j)], sum, 1e-4 * (1 + std::abs(sum)))
          << bits << " bits at " << i << "," << j;
    }
  }
}

TEST(MatMulNBits, BlocksZeroPointsAndGroups) {
  for (const int bits : {2, 4, 8}) {
    for (const Zeros zeros : {Zeros::None, Zeros::Packed, Zeros::Float}) {
      for (const int64_t m : {1, 3, 11}) {
        check_matmul(m, bits, zeros, false);
        check_matmul(m, bits, zeros, true);
      }
    }
  }
}

TEST(MatMulNBits, LeftOutWeightsAndBadOnes) {
  const OpCall call{
      "MatMulNBits", 1, {{"K", int64_t{16}}, {"N", int64_t{2}}, {"block_size", int64_t{16}}}, 1, "com.microsoft"};
  const Tensor a(DType::F32, {3, 16});
  const Tensor bias = Tensor::of<float>({2}, {7, 8});
  const auto none = run_op(call, {a, Tensor(DType::U8, {0, 1, 8}), Tensor(DType::F32, {0}), {}, {}, bias});
  EXPECT_EQ(none[0].tensor.as<float>()[5], 8);
  EXPECT_THROW(run_op(call, {a, Tensor(DType::U8, {1, 1, 8}), Tensor::of<float>({2}, {1, 1})}), Error);
  EXPECT_THROW(run_op(call, {a, Tensor(DType::U8, {2, 1, 8}), Tensor::of<float>({1}, {1})}), Error);
  std::vector<int32_t> groups(16, 1);  // there is one
  EXPECT_THROW(run_op(call, {a,
                             Tensor(DType::U8, {2, 1, 8}),
                             Tensor::of<float>({2}, {1, 1}),
                             {},
                             Tensor::of<int32_t>({16}, std::span<const int32_t>(groups))}),
               Error);
}

TEST(GatherBlockQuantized, NibblesAlongEitherAxis) {
  // uint4 [2, 3]: 1, 2, 3; 4, 5, 6
  const uint8_t packed[] = {0x21, 0x43, 0x65};
  const Tensor data = Tensor::over(DType::U4, {2, 3}, packed, nullptr);
  const Tensor indices = Tensor::of<int32_t>({2}, {-1, 9});
  const auto gather = [&](int64_t gather_axis, int64_t quantize_axis, const Tensor& scales, const Tensor& zeros) {
    const auto y =
        run_op({"GatherBlockQuantized",
                1,
                {{"block_size", int64_t{16}}, {"gather_axis", gather_axis}, {"quantize_axis", quantize_axis}},
                1,
                "com.microsoft"},
               {data, indices, scales, zeros});
    const auto span = y[0].tensor.as<float>();
    return std::vector<float>(span.begin(), span.end());
  };
  const uint8_t zero[] = {0x21};
  const Tensor zeros = Tensor::over(DType::U4, {2, 1}, zero, nullptr);
  EXPECT_EQ(gather(0, 1, Tensor::of<float>({2, 1}, {10, 100}), zeros), (std::vector<float>{200, 300, 400, 0, 0, 0}));
  EXPECT_EQ(gather(1, 0, Tensor::of<float>({1, 3}, {10, 100, 1000}), {}), (std::vector<float>{3000, 0, 6000, 0}));
}

TEST(GatherBlockQuantized, BytesOfTwoBitsAndFloat8) {
  const OpCall two{"GatherBlockQuantized", 1, {{"bits", int64_t{2}}, {"block_size", int64_t{16}}}, 1, "com.microsoft"};
  std::vector<uint8_t> codes(8, 0xe4);  // 0, 1, 2, 3 over and over, in two blocks of 16
  const auto y =
      run_op(two, {Tensor::of<uint8_t>({1, 8}, std::span<const uint8_t>(codes)), Tensor::of<int64_t>({}, {0}),
                   Tensor::of<float>({1, 2}, {1, 10}), Tensor::of<uint8_t>({1, 1}, {0x09})});  // zero points 1 and 2
  ASSERT_EQ(y[0].tensor.shape(), (Shape{32}));
  EXPECT_EQ(y[0].tensor.as<float>()[3], 2);
  EXPECT_EQ(y[0].tensor.as<float>()[16], -20);
  const OpCall whole{"GatherBlockQuantized", 1, {{"block_size", int64_t{0}}}, 1, "com.microsoft"};
  const auto f = run_op(whole, {Tensor::of<Float8E4M3FN>({2, 1}, {Float8E4M3FN(2.0f), Float8E4M3FN(-4.0f)}),
                                Tensor::of<int64_t>({1}, {1}), Tensor::of<Half>({1, 1}, {Half(0.5f)})});
  EXPECT_EQ(static_cast<float>(f[0].tensor.as<Half>()[0]), -2);
  const auto dims = infer_op(two, {tensor_input(DType::U8, {Dim::symbol("n"), 8}),
                                   tensor_input(DType::I64, {Dim::symbol("s")}), tensor_input(DType::F32, {7, 2})});
  EXPECT_EQ(dims[0].type, ValueType::tensor(DType::F32, Dims{Dim::symbol("s"), 32}));
}

}  // namespace
}  // namespace mica
