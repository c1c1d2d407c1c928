// Weights of a few bits: their decoding on every instruction set, MatMulNBits and GatherBlockQuantized.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "kernels/quant/nbits_simd.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "tests/unit/backwards.h"
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

enum class Zeros { None, Packed, Middle, Float };

struct Problem {
  int64_t m = 1, n = 21, k = 72, block = 16;
  int bits = 4;
  Zeros zeros = Zeros::None;
  bool grouped = false;

  int64_t blocks() const { return (k + block - 1) / block; }
};

// Inputs of MatMulNBits: a last block that is not full, packed zero points with a padded row, groups in another order.
class MatMulInputs {
 public:
  explicit MatMulInputs(const Problem& problem) : p_(problem) {
    const int64_t blocks = p_.blocks(), bits = p_.bits;
    codes_ = random_bytes(static_cast<size_t>(p_.n * blocks * p_.block * bits / 8), 2);
    zero_pitch_ = (blocks * bits + 7) / 8;
    zero_codes_ = random_bytes(static_cast<size_t>(p_.n * zero_pitch_), 3);
    if (p_.zeros == Zeros::Middle) {
      std::ranges::fill(zero_codes_, static_cast<uint8_t>(bits == 2 ? 0xaa : bits == 4 ? 0x88 : 0x80));
    }
    for (int64_t i = 0; i < p_.m * p_.k; ++i) a_.push_back(static_cast<float>(std::sin(static_cast<double>(i))));
    for (int64_t i = 0; i < p_.n * blocks; ++i) {
      scales_.push_back(0.01f * static_cast<float>(i % 100 + 1));
      zero_floats_.push_back(0.5f * static_cast<float>(i % 100));
    }
    for (int64_t i = 0; i < p_.n; ++i) bias_.push_back(static_cast<float>(i));
    for (int64_t i = 0; i < p_.k; ++i) groups_.push_back(static_cast<int32_t>((i * 3) % blocks));
  }

  std::vector<Tensor> tensors() const {
    const int64_t blocks = p_.blocks();
    std::vector<Tensor> inputs = {
        Tensor::of<float>({1, p_.m, p_.k}, std::span<const float>(a_)),
        Tensor::of<uint8_t>({p_.n, blocks, p_.block * p_.bits / 8}, std::span<const uint8_t>(codes_)),
        Tensor::of<float>({p_.n * blocks}, std::span<const float>(scales_)),
        {},
        {},
        Tensor::of<float>({p_.n}, std::span<const float>(bias_))};
    if (p_.zeros == Zeros::Packed || p_.zeros == Zeros::Middle) {
      inputs[3] = Tensor::of<uint8_t>({p_.n * zero_pitch_}, std::span<const uint8_t>(zero_codes_));
    }
    if (p_.zeros == Zeros::Float) inputs[3] = Tensor::of<float>({p_.n, blocks}, std::span<const float>(zero_floats_));
    if (p_.grouped) inputs[4] = Tensor::of<int32_t>({p_.k}, std::span<const int32_t>(groups_));
    return inputs;
  }

  double weight(int64_t j, int64_t k) const {
    const int64_t blocks = p_.blocks(), group = p_.grouped ? groups_[static_cast<size_t>(k)] : k / p_.block;
    const auto at = static_cast<size_t>(j * blocks + group);
    double zero = 1 << (p_.bits - 1);
    if (p_.zeros == Zeros::Packed) zero = code_of(zero_codes_, j * zero_pitch_ * 8 / p_.bits + group, p_.bits);
    if (p_.zeros == Zeros::Float) zero = static_cast<double>(zero_floats_[at]);
    return (code_of(codes_, j * blocks * p_.block + k, p_.bits) - zero) * static_cast<double>(scales_[at]);
  }
  double a(int64_t i, int64_t k) const { return static_cast<double>(a_[static_cast<size_t>(i * p_.k + k)]); }
  double bias(int64_t j) const { return static_cast<double>(bias_[static_cast<size_t>(j)]); }

 private:
  Problem p_;
  int64_t zero_pitch_;
  std::vector<uint8_t> codes_, zero_codes_;
  std::vector<float> a_, scales_, bias_, zero_floats_;
  std::vector<int32_t> groups_;
};

// `as_bytes`: each number of A may be off by half a step of its block, which is its largest magnitude / 127.
void expect_product(const Problem& p, const MatMulInputs& inputs, const Tensor& y, bool as_bytes) {
  ASSERT_EQ(y.shape(), (Shape{1, p.m, p.n}));
  for (int64_t i = 0; i < p.m; ++i) {
    for (int64_t j = 0; j < p.n; ++j) {
      double sum = inputs.bias(j), allowed = 0;
      for (int64_t block = 0; block < p.k; block += p.block) {
        double most = 0, weights = 0;
        for (int64_t k = block; k < std::min(p.k, block + p.block); ++k) {
          sum += inputs.a(i, k) * inputs.weight(j, k);
          most = std::max(most, std::abs(inputs.a(i, k)));
          weights += std::abs(inputs.weight(j, k));
        }
        if (as_bytes) allowed += most / 127 / 2 * weights;
      }
      EXPECT_NEAR(y.as<float>()[static_cast<size_t>(i * p.n + j)], sum, allowed + 1e-4 * (1 + std::abs(sum)))
          << p.bits << " bits, " << p.m << " rows, at " << i << "," << j;
    }
  }
}

OpCall matmul_nbits(const Problem& p, int64_t accuracy_level) {
  return {
      "MatMulNBits",
      1,
      {{"K", p.k}, {"N", p.n}, {"bits", int64_t{p.bits}}, {"block_size", p.block}, {"accuracy_level", accuracy_level}},
      1,
      "com.microsoft"};
}

TEST(MatMulNBits, BlocksZeroPointsAndGroups) {
  for (const int bits : {2, 4, 8}) {
    for (const Zeros zeros : {Zeros::None, Zeros::Packed, Zeros::Float}) {
      for (const int64_t m : {1, 3, 11}) {
        for (const bool grouped : {false, true}) {
          const Problem problem{.m = m, .bits = bits, .zeros = zeros, .grouped = grouped};
          const MatMulInputs inputs(problem);
          const auto y = run_op(matmul_nbits(problem, 4), inputs.tensors());
          expect_product(problem, inputs, y[0].tensor, false);
        }
      }
    }
  }
}

TEST(MatMulNBits, ConstantWeights) {
  for (size_t i = 0; i < isas().size(); ++i) {
    if (!lacking(isas()[i]).empty()) continue;
    SCOPED_TRACE(isas()[i].name);
    const UseIsa use(i);
    for (const int bits : {2, 4, 8}) {
      for (const Zeros zeros : {Zeros::None, Zeros::Packed, Zeros::Middle, Zeros::Float}) {
        for (const Problem& shape : {Problem{.n = 21, .k = 72, .block = 16}, Problem{.n = 150, .k = 200, .block = 32},
                                     Problem{.n = 64, .k = 256, .block = 128}}) {
          for (const int64_t m : {1, 2, 7, 19}) {
            Problem problem = shape;
            problem.m = m, problem.bits = bits, problem.zeros = zeros;
            const MatMulInputs inputs(problem);
            std::vector<size_t> constant{1, 2};
            if (zeros != Zeros::None) constant.push_back(3);
            for (const int64_t accuracy : {0, 4}) {
              Backwards packer;
              const UsePacker in_parts(packer);
              const auto y = run_packed_op(matmul_nbits(problem, accuracy), inputs.tensors(), constant, 2);
              expect_product(problem, inputs, y[0].tensor, accuracy == 4);
            }
          }
        }
      }
    }
  }
}

TEST(MatMulNBits, ConstantGroups) {
  for (const int bits : {2, 4, 8}) {
    for (const Problem& shape : {Problem{.n = 21, .k = 72, .block = 16}, Problem{.n = 70, .k = 256, .block = 32}}) {
      for (const int64_t m : {1, 3, 19}) {
        Problem problem = shape;
        problem.m = m, problem.bits = bits, problem.zeros = Zeros::Packed, problem.grouped = true;
        const MatMulInputs inputs(problem);
        const auto y = run_packed_op(matmul_nbits(problem, 0), inputs.tensors(), {1, 2, 3, 4}, 2);
        expect_product(problem, inputs, y[0].tensor, false);
      }
    }
  }
}

// What is packed does not serve where there are inputs beside it that are not constant.
TEST(MatMulNBits, ZeroPointsThatAreComputed) {
  const Problem problem{.m = 2, .zeros = Zeros::Packed};
  const MatMulInputs inputs(problem);
  const std::vector<Tensor> tensors = inputs.tensors();
  const OpCall call = matmul_nbits(problem, 0);
  const Node node = node_of(call, tensors);
  const Kernel& kernel = node.op->def().kernels[0];
  std::vector<const Tensor*> constants{nullptr, &tensors[1], &tensors[2], nullptr, nullptr, nullptr};
  const auto packed = kernel.prepack(node.params.get(), ConstantOperands(constants));
  std::vector<Datum> data(tensors.begin(), tensors.end());
  std::vector<Datum*> ins;
  for (Datum& datum : data) ins.push_back(datum.tensor.defined() ? &datum : nullptr);
  Datum y(Tensor(DType::F32, {1, problem.m, problem.n}));
  std::vector<Datum*> outs{&y};
  Workspace workspace;
  ThreadPool threads(1);
  const Operands::Context context{&workspace, &threads, nullptr};
  kernel.run(node.params.get(), Operands(ins, outs, packed.get(), context));
  expect_product(problem, inputs, y.tensor, false);
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
