// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear beyond what the ONNX backend tests cover.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/quant/quantize_simd.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"

namespace mica {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class T>
std::vector<T> values(const Datum& datum) {
  const auto span = datum.tensor.as<T>();
  return {span.begin(), span.end()};
}

Tensor floats(const Shape& shape, const std::vector<float>& x) {
  return Tensor::of<float>(shape, std::span<const float>(x));
}

std::string message_of(const OpCall& call, const std::vector<Tensor>& inputs) {
  try {
    run_op(call, inputs);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(QuantizeLinear, RoundsTiesToEvenThenAddsTheZeroPoint) {
  // round(x) + 1: rounding the sum instead would give 2 for 0.5
  const auto y = run_op({"QuantizeLinear"}, {floats({7}, {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 253.5f, 254.5f}),
                                             Tensor::scalar(1.0f), Tensor::scalar<uint8_t>(1)});
  EXPECT_EQ(values<uint8_t>(y[0]), (std::vector<uint8_t>{1, 3, 3, 1, 0, 255, 255}));
}

TEST(QuantizeLinear, SaturatesInfinitiesAndNaN) {
  const std::vector<Tensor> inputs = {floats({5}, {kInfinity, -kInfinity, kNaN, 1e30f, -1e30f}), Tensor::scalar(0.5f)};
  const auto bytes = run_op({"QuantizeLinear"}, {inputs[0], inputs[1], Tensor::scalar<int8_t>(-100)});
  EXPECT_EQ(values<int8_t>(bytes[0]), (std::vector<int8_t>{127, -128, -128, 127, -128}));
  const auto words = run_op({"QuantizeLinear"}, {inputs[0], inputs[1], Tensor::scalar<int16_t>(30000)});
  EXPECT_EQ(values<int16_t>(words[0]), (std::vector<int16_t>{32767, -32768, -32768, 32767, -32768}));
}

// All numbers of elements around vector lengths, for every instruction set, against the formula in double.
TEST(QuantizeLinear, EveryLengthOnEveryInstructionSet) {
  std::vector<float> x;
  std::vector<int32_t> ints;
  std::vector<float> scales, biases;
  for (int i = 0; i < 70; ++i) {
    x.push_back(static_cast<float>(std::sin(i * 1.7) * 40));
    ints.push_back(i * 1234567 - 40000000);
    scales.push_back(1e-6f * static_cast<float>(i + 1));
    biases.push_back(static_cast<float>(i) - 30);
  }
  for (const auto& [isa, table] : runnable(quantize_kernels_all())) {
    for (int64_t n = 0; n <= 70; ++n) {
      std::vector<uint8_t> u(70, 77), ru(70, 77);
      std::vector<int8_t> s(70, 77), rs(70, 77);
      std::vector<float> f(70, -1), df(70, -1);
      table->quantize_u8(x.data(), 0.25f, 120, u.data(), n);
      table->quantize_s8(x.data(), 0.25f, -3, s.data(), n);
      table->dequantize_u8(u.data(), 0.25f, 120, df.data(), n);
      table->requantize_u8(ints.data(), scales.data(), 9, ru.data(), n);
      table->requantize_s8(ints.data(), scales.data(), -9, rs.data(), n);
      table->scale(ints.data(), scales.data(), biases.data(), f.data(), n);
      std::vector<uint8_t> uf(70, 77), ru1(70, 77);
      std::vector<int8_t> rs1(70, 77);
      table->quantize_by_factor_u8(x.data(), 4, 120, uf.data(), n);
      table->requantize_by_one_u8(ints.data(), scales[5], 9, ru1.data(), n);
      table->requantize_by_one_s8(ints.data(), scales[5], -9, rs1.data(), n);
      float low = 0, high = 0;
      table->range(x.data(), n, &low, &high);
      double lowest = 0, highest = 0;
      for (size_t i = 0; i < 70; ++i) {
        const bool inside = static_cast<int64_t>(i) < n;
        if (!inside) {
          EXPECT_TRUE(u[i] == 77 && s[i] == 77 && ru[i] == 77 && rs[i] == 77 && f[i] == -1 && df[i] == -1) << isa;
          EXPECT_TRUE(uf[i] == 77 && ru1[i] == 77 && rs1[i] == 77) << isa;
          continue;
        }
        const auto number = [](double v, double zero, double least, double most) {
          return std::min(std::max(std::nearbyint(v) + zero, least), most);
        };
        lowest = std::min<double>(lowest, x[i]);
        highest = std::max<double>(highest, x[i]);
        const float product = static_cast<float>(ints[i]) * scales[i];
        EXPECT_EQ(u[i], number(x[i] / 0.25, 120, 0, 255)) << isa;
        EXPECT_EQ(s[i], number(x[i] / 0.25, -3, -128, 127)) << isa;
        EXPECT_EQ(df[i], (u[i] - 120) * 0.25f) << isa;
        EXPECT_EQ(uf[i], number(x[i] * 4.0, 120, 0, 255)) << isa;
        const float by_one = static_cast<float>(ints[i]) * scales[5];
        EXPECT_EQ(ru1[i], number(by_one, 9, 0, 255)) << isa;
        EXPECT_EQ(rs1[i], number(by_one, -9, -128, 127)) << isa;
        EXPECT_EQ(ru[i], number(product, 9, 0, 255)) << isa;
        EXPECT_EQ(rs[i], number(product, -9, -128, 127)) << isa;
        EXPECT_EQ(f[i], product + biases[i]) << isa;
      }
      EXPECT_EQ(low, lowest) << isa;
      EXPECT_EQ(high, highest) << isa;
    }
  }
}

TEST(QuantizeLinear, PerAxisWhereverTheAxisIs) {
  const Tensor x = floats({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor scale = floats({2}, {1, 0.5f});
  const Tensor zero = Tensor::of<int8_t>({2}, {0, 10});
  const auto along = [&](int64_t axis) {
    return values<int8_t>(run_op({"QuantizeLinear", 13, {{"axis", axis}}}, {x, scale, zero})[0]);
  };
  EXPECT_EQ(along(0), (std::vector<int8_t>{1, 2, 3, 4, 20, 22, 24, 26}));
  EXPECT_EQ(along(-2), (std::vector<int8_t>{1, 2, 16, 18, 5, 6, 24, 26}));
  EXPECT_EQ(along(2), (std::vector<int8_t>{1, 14, 3, 18, 5, 22, 7, 26}));
}

TEST(QuantizeLinear, BlocksWithARemainderOnBothKindsOfAxis) {
  const Tensor x = floats({2, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  const auto last = run_op({"QuantizeLinear", 21, {{"axis", int64_t{1}}, {"block_size", int64_t{2}}}},
                           {x, floats({2, 3}, {1, 0.5f, 0.25f, 2, 1, 0.5f})});
  EXPECT_EQ(values<uint8_t>(last[0]), (std::vector<uint8_t>{1, 2, 6, 8, 20, 3, 4, 8, 9, 20}));
  const auto first = run_op({"DequantizeLinear", 21, {{"axis", int64_t{0}}, {"block_size", int64_t{2}}}},
                            {Tensor::of<int16_t>({3, 2}, {1, 2, 3, 4, 5, 6}), floats({2, 2}, {1, 10, 100, 1000}),
                             Tensor::of<int16_t>({2, 2}, {0, 1, 0, 1})});
  EXPECT_EQ(values<float>(first[0]), (std::vector<float>{1, 10, 3, 30, 500, 5000}));
}

TEST(QuantizeLinear, PacksOddNumbersOfNibbles) {
  const auto y = run_op({"QuantizeLinear", 21, {{"output_dtype", static_cast<int64_t>(DType::I4)}}},
                        {floats({3}, {-9, 3, 7.5f}), Tensor::scalar(1.0f)});
  EXPECT_EQ(y[0].tensor.dtype(), DType::I4);
  EXPECT_EQ(y[0].tensor.data<uint8_t>()[0], 0x38);  // 3, -8
  EXPECT_EQ(y[0].tensor.data<uint8_t>()[1], 0x07);  // 7.5 rounds to 8, the largest is 7
}

TEST(QuantizeLinear, DividesInTheTypeOfTheScaleOrInTheGivenPrecision) {
  // 2049 is not a float16: it becomes 2048
  const Tensor x = Tensor::of<int32_t>({1}, {2049});
  const Tensor scale = Tensor::scalar(Half(1.0f));
  const Tensor zero = Tensor::scalar<uint16_t>(0);
  EXPECT_EQ(values<uint16_t>(run_op({"QuantizeLinear", 23}, {x, scale, zero})[0]), std::vector<uint16_t>{2048});
  const OpCall precise{"QuantizeLinear", 23, {{"precision", static_cast<int64_t>(DType::F32)}}};
  EXPECT_EQ(values<uint16_t>(run_op(precise, {x, scale, zero})[0]), std::vector<uint16_t>{2049});
  // an int32 by an int32
  const auto whole = run_op({"QuantizeLinear", 19}, {x, Tensor::scalar<int32_t>(100), Tensor::scalar<int8_t>(0)});
  EXPECT_EQ(values<int8_t>(whole[0]), std::vector<int8_t>{20});
}

TEST(QuantizeLinear, Float8SaturatesOrNot) {
  const Tensor x = floats({3}, {1000, 0, -1});
  const Tensor zero = Tensor::scalar(Float8E4M3FN(0.0f));
  const OpCall call{"QuantizeLinear", 19, {{"saturate", int64_t{0}}}};
  const auto bits = [&](const OpCall& how) {
    const Tensor y = run_op(how, {x, Tensor::scalar(1.0f), zero})[0].tensor;
    return std::vector<int>(y.data<uint8_t>(), y.data<uint8_t>() + 3);
  };
  EXPECT_EQ(bits({"QuantizeLinear", 19}), (std::vector<int>{0x7e, 0, 0xb8}));  // 448, 0, -1
  EXPECT_EQ(bits(call), (std::vector<int>{0x7f, 0, 0xb8}));                    // NaN
}

TEST(DequantizeLinear, WideIntegersAndOtherResults) {
  const auto ints = run_op({"DequantizeLinear"}, {Tensor::of<int32_t>({2}, {-2147483647 - 1, 3}), Tensor::scalar(0.5f),
                                                  Tensor::scalar<int32_t>(2147483647)});
  EXPECT_EQ(values<float>(ints[0]), (std::vector<float>{-2147483648.0f, -1073741824.0f + 2}));
  const OpCall half{"DequantizeLinear", 23, {{"output_dtype", static_cast<int64_t>(DType::F16)}}};
  const auto halves = run_op(half, {Tensor::of<uint8_t>({2}, {255, 1}), Tensor::scalar(0.1f)});
  EXPECT_EQ(static_cast<float>(halves[0].tensor.as<Half>()[0]), static_cast<float>(Half(25.5f)));
  uint8_t code = 130;  // 2^3
  const auto power = run_op({"DequantizeLinear", 24},
                            {Tensor::of<int8_t>({1}, {-5}), Tensor::over(DType::F8E8M0, {}, &code, nullptr)});
  EXPECT_EQ(values<float>(power[0]), std::vector<float>{-40});
}

TEST(DequantizeLinear, PackedZeroPoints) {
  const uint8_t x[] = {0x7f, 0x08};     // -1, 7, -8
  const uint8_t zero[] = {0x1e, 0x01};  // -2, 1, 1
  const auto y = run_op(
      {"DequantizeLinear", 21, {{"axis", int64_t{0}}}},
      {Tensor::over(DType::I4, {3}, x, nullptr), floats({3}, {1, 2, 3}), Tensor::over(DType::I4, {3}, zero, nullptr)});
  EXPECT_EQ(values<float>(y[0]), (std::vector<float>{1, 12, -27}));
}

TEST(DequantizeLinear, EmptyAndScalar) {
  const Tensor none(DType::U8, {0, 3});
  EXPECT_EQ(run_op({"DequantizeLinear"}, {none, floats({3}, {1, 1, 1})})[0].tensor.shape(), (Shape{0, 3}));
  EXPECT_EQ(run_op({"DequantizeLinear", 21, {{"block_size", int64_t{2}}}}, {none, Tensor(DType::F32, {0, 2})})[0]
                .tensor.elements(),
            0);
  EXPECT_EQ(values<float>(run_op({"DequantizeLinear"}, {Tensor::scalar<uint8_t>(4), Tensor::scalar(2.0f)})[0]),
            std::vector<float>{8});
}

TEST(QuantizeLinear, RefusesScalesThatDoNotFit) {
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(message_of({"QuantizeLinear"}, {x, floats({2}, {1, 1})}),
            "QuantizeLinear: sizes of the axis and of the scale differ: 3 and 2");
  EXPECT_EQ(message_of({"QuantizeLinear", 21, {{"block_size", int64_t{2}}}}, {x, floats({2, 3}, {1, 1, 1, 1, 1, 1})}),
            "QuantizeLinear: a scale of dims [2,3] does not fit a tensor of dims [2,3] along axis 1 in blocks of 2");
  EXPECT_EQ(message_of({"QuantizeLinear"}, {x, floats({3}, {1, 1, 1}), Tensor::of<uint8_t>({2}, {0, 0})}),
            "QuantizeLinear: dims of the scale and of the zero point differ: 3 and 2");
  EXPECT_EQ(message_of({"QuantizeLinear", 21, {{"output_dtype", static_cast<int64_t>(DType::I64)}}},
                       {x, Tensor::scalar(1.0f)}),
            "cannot quantise to int64");
}

TEST(QuantizeLinear, InfersTypesOfSymbolicDims) {
  const Dims dims{Dim::symbol("n"), 3};
  const auto plain = infer_op({"QuantizeLinear"}, {tensor_input(DType::F32, dims), tensor_input(DType::F32, {})});
  EXPECT_EQ(plain[0].type, ValueType::tensor(DType::U8, dims));
  const auto half = infer_op({"DequantizeLinear"}, {tensor_input(DType::I4, dims), tensor_input(DType::F16, Dims{3})});
  EXPECT_EQ(half[0].type, ValueType::tensor(DType::F16, dims));
}

// Expected values: the function body of the operator, by hand.
TEST(DynamicQuantizeLinear, ScalesByTheRangeWithZero) {
  const OpCall call{"DynamicQuantizeLinear", 11, {}, 3};
  const auto y = run_op(call, {floats({4}, {-1, 0, 1.5f, 1.55f})});
  EXPECT_EQ(values<float>(y[1]), std::vector<float>{0.01f});  // 2.55 / 255
  EXPECT_EQ(values<uint8_t>(y[2]), std::vector<uint8_t>{100});
  EXPECT_EQ(values<uint8_t>(y[0]), (std::vector<uint8_t>{0, 100, 250, 255}));
  const auto zeros = run_op(call, {floats({2}, {0, 0})});
  EXPECT_EQ(values<float>(zeros[1]), std::vector<float>{1});
  EXPECT_EQ(values<uint8_t>(zeros[0]), (std::vector<uint8_t>{0, 0}));
  const auto odd = run_op(call, {floats({3}, {kNaN, kInfinity, -kInfinity})});
  EXPECT_EQ(values<uint8_t>(odd[2]), std::vector<uint8_t>{0});
}

}  // namespace
}  // namespace mica
