// Cast, CastLike, BitCast and the loops below them.
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "kernels/cast/convert.h"
#include "kernels/cast/number_simd.h"
#include "kernels/half_simd.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"

namespace mica {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Tensor cast(const Tensor& x, DType to, Attributes attributes = {}) {
  attributes["to"] = static_cast<int64_t>(to);
  return run_op({.op_type = "Cast", .attributes = attributes}, {x})[0].tensor;
}

template <class T, class S>
std::vector<T> cast_values(std::initializer_list<S> x, Attributes attributes = {}) {
  const Tensor y = cast(Tensor::of<S>({static_cast<int64_t>(x.size())}, x), dtype_of<T>, attributes);
  return std::vector<T>(y.data<T>(), y.data<T>() + y.elements());
}

template <class T, class S>
std::vector<int> cast_codes(std::initializer_list<S> x, Attributes attributes = {}) {
  std::vector<int> codes;
  for (const T y : cast_values<T>(x, attributes)) codes.push_back(y.bits);
  return codes;
}

// 1 exists in every type, 2 in all but int2, and bool makes it 1.
TEST(Cast, EveryTypeToEveryOther) {
  constexpr int64_t kCount = 1029;  // two blocks and a rest that does not fill a byte
  for (int from = 1; from < kDTypeCount; ++from) {
    for (int to = 1; to < kDTypeCount; ++to) {
      const DType a = static_cast<DType>(from), b = static_cast<DType>(to);
      if (!kConvertible.contains(a) || !kConvertible.contains(b)) continue;
      std::vector<float> numbers(kCount, 1);
      for (size_t i = 0; i < numbers.size(); i += 3) numbers[i] = a == DType::I2 || b == DType::I2 ? 1 : 2;
      const Tensor end = cast(cast(cast(Tensor::view<float>({kCount}, numbers), a), b), DType::F64);
      const bool boolean = a == DType::Bool || b == DType::Bool;
      for (size_t i = 0; i < numbers.size(); ++i) {
        ASSERT_EQ(end.as<double>()[i], boolean ? 1 : numbers[i]) << name(a) << " to " << name(b) << " at " << i;
      }
    }
  }
}

TEST(Cast, FloatsToIntegersTruncate) {
  constexpr int32_t kLeast = std::numeric_limits<int32_t>::min();
  EXPECT_EQ(cast_values<int32_t>({1.9f, -1.9f, -0.0f, 3e9f, -kInf, kNaN}),
            (std::vector<int32_t>{1, -1, 0, kLeast, kLeast, kLeast}));
  EXPECT_EQ(cast_values<uint8_t>({255.9, 256.0, -1.0}), (std::vector<uint8_t>{255, 0, 255}));
  EXPECT_EQ(cast_values<uint32_t>({4294967295.0, -1.0}), (std::vector<uint32_t>{4294967295u, 4294967295u}));
  EXPECT_EQ(cast_values<uint64_t>({18446744073709549568.0, 9223372036854775808.0, 1.5}),
            (std::vector<uint64_t>{18446744073709549568u, 9223372036854775808u, 1}));
  EXPECT_EQ(cast_values<bool>({0.0f, -0.0f, 0.25f, kNaN}), (std::vector<bool>{false, false, true, true}));
}

TEST(Cast, IntegersKeepTheLowerBits) {
  EXPECT_EQ(cast_values<int8_t>({int16_t{200}, int16_t{-129}}), (std::vector<int8_t>{-56, 127}));
  EXPECT_EQ(cast_values<int32_t>({(int64_t{1} << 32) + 5, int64_t{-1}}), (std::vector<int32_t>{5, -1}));
  EXPECT_EQ(cast_values<uint64_t>({int8_t{-1}}), (std::vector<uint64_t>{~uint64_t{0}}));
  EXPECT_EQ(cast_values<int64_t>({4294967295u}), (std::vector<int64_t>{4294967295}));
}

// Each of these would round to the even neighbour by way of float.
TEST(Cast, RoundsOnce) {
  EXPECT_EQ(cast_codes<Half>({2049.0000001, 2048.9999999, 2049.0}), (std::vector<int>{0x6801, 0x6800, 0x6800}));
  const int64_t tie = (int64_t{1} << 40) + (int64_t{1} << 32);  // of bfloat16, whose step is 2^33 there
  EXPECT_EQ(cast_values<BFloat16>({tie + 1})[0], static_cast<float>(tie + (int64_t{1} << 32)));
  EXPECT_EQ(cast_values<BFloat16>({-tie - 1})[0], -static_cast<float>(tie + (int64_t{1} << 32)));
  EXPECT_EQ(cast_values<BFloat16>({tie})[0], 0x1p40f);
  const uint64_t large = (uint64_t{1} << 63) + (uint64_t{1} << 55);
  EXPECT_EQ(cast_values<BFloat16>({large + 1})[0], 0x1p63f + 0x1p56f);
  EXPECT_EQ(cast_values<Float8E5M2>({1.125 + 1e-12})[0], 1.25f);
  EXPECT_EQ(cast_values<float>({uint64_t{16777219}, ~uint64_t{0}}), (std::vector<float>{16777220, 0x1p64f}));
  EXPECT_EQ(cast_values<Float8E8M0>({16777217})[0], 0x1p25f);  // up, not to 2^24, the nearest float
  EXPECT_EQ(cast_codes<Half>({1e300, -1e300}), (std::vector<int>{0x7c00, 0xfc00}));
}

// The tables of the standard.
TEST(Cast, PowersOfTwo) {
  const std::initializer_list<float> x = {0, kNaN, kInf, 1.5f * 0x1p127f, 0x1p-130f, 0x1p-127f, 1, 1.25f, 1.5f, 1.75f};
  const auto codes = [&](const char* mode, int64_t saturate) {
    return cast_codes<Float8E8M0>(x, {{"round_mode", std::string(mode)}, {"saturate", saturate}});
  };
  EXPECT_EQ(codes("up", 1), (std::vector<int>{0, 255, 254, 254, 0, 0, 127, 128, 128, 128}));
  EXPECT_EQ(codes("nearest", 0), (std::vector<int>{255, 255, 255, 255, 255, 0, 127, 127, 128, 128}));
  EXPECT_EQ(codes("down", 1), (std::vector<int>{0, 255, 254, 254, 0, 0, 127, 127, 127, 127}));
  EXPECT_EQ(codes("up", 1), cast_codes<Float8E8M0>(x));
  EXPECT_THROW(codes("sideways", 1), Error);
}

TEST(Cast, Strings) {
  const Tensor x =
      Tensor::of<std::string>({10}, {"3.14", " 1e-5 ", "+1E8", "+inf", "-INF", "nan", "1e999", "-1e-999", "0", "7"});
  const Tensor y = cast(x, DType::F32);
  const std::vector<float> expected = {3.14f, 1e-5f, 1e8f, kInf, -kInf, kNaN, kInf, -0.0f, 0, 7};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(y.as<float>()[i] == expected[i] || i == 5) << i << ": " << y.as<float>()[i];
  }
  EXPECT_TRUE(std::isnan(y.as<float>()[5]));
  EXPECT_TRUE(std::signbit(y.as<float>()[7]));
  using Strings = std::vector<std::string>;
  EXPECT_EQ(cast_values<std::string>({0.5f, 3.0f, 1e-7f, 1.5e20f, kInf, kNaN, -0.0f}),
            (Strings{"0.5", "3.0", "1e-07", "1.5e+20", "INF", "NaN", "-0.0"}));
  EXPECT_EQ(cast_values<std::string>({0.1, 314.15926}), (Strings{"0.1", "314.15926"}));
  EXPECT_EQ(cast_values<std::string>({int8_t{-7}}), (Strings{"-7"}));
  EXPECT_EQ(cast_values<std::string>({~uint64_t{0}}), (Strings{"18446744073709551615"}));
  EXPECT_EQ(cast_values<int64_t>({std::string("-9223372036854775808"), std::string("100.5")}),
            (std::vector<int64_t>{std::numeric_limits<int64_t>::min(), 100}));
  EXPECT_EQ(cast_values<uint64_t>({std::string("18446744073709551615")}), (std::vector<uint64_t>{~uint64_t{0}}));
  for (const char* text : {"Hello", "", "1x", "+-1", "0x10"}) {
    EXPECT_THROW(cast(Tensor::scalar(std::string(text)), DType::F32), Error) << text;
    EXPECT_THROW(cast(Tensor::scalar(std::string(text)), DType::I32), Error) << text;
  }
}

TEST(Cast, EmptyScalarAndComplex) {
  EXPECT_EQ(cast(Tensor(DType::F32, Shape{0, 3}), DType::I4).shape(), (Shape{0, 3}));
  EXPECT_EQ(cast(Tensor::scalar(2.5f), DType::F64).as<double>()[0], 2.5);
  EXPECT_THROW(cast(Tensor::scalar(1.0f), DType::C64), Error);
  EXPECT_THROW(cast(Tensor(DType::C64, Shape{1}), DType::F32), Error);
}

TEST(Cast, FirstVersionNamesTheType) {
  const OpCall call{.op_type = "Cast", .opset = 5, .attributes = {{"to", std::string("INT32")}}};
  EXPECT_EQ(run_op(call, {Tensor::scalar(7.5f)})[0].tensor.as<int32_t>()[0], 7);
  EXPECT_THROW(
      run_op({.op_type = "Cast", .opset = 5, .attributes = {{"to", std::string("INT")}}}, {Tensor::scalar(7.5f)}),
      Error);
}

TEST(Cast, InTheSameMemory) {
  std::vector<float> x(1500);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) - 700.5f;
  const Tensor from = Tensor::view<float>({1500}, x);
  Tensor to = Tensor::over(DType::I32, {1500}, x.data(), nullptr);
  ThreadPool threads(1);
  convert_elements(threads, from, to, {});
  EXPECT_EQ(to.as<int32_t>()[0], -700);
  EXPECT_EQ(to.as<int32_t>()[1499], 798);
}

TEST(Cast, PassesKnownElements) {
  const Dim n = Dim::symbol("n");
  const auto contents = [&](Dims x, DType to) {
    return infer_op({.op_type = "Cast", .attributes = {{"to", static_cast<int64_t>(to)}}}, {vector_input(x)})[0]
        .contents;
  };
  EXPECT_EQ(contents({n, n + 1, 3}, DType::I32), (Dims{n, n + 1, 3}));
  EXPECT_EQ(contents({300, -1}, DType::U8), (Dims{44, 255}));
  EXPECT_EQ(contents({0, 7, n + 1}, DType::Bool), (Dims{0, 1, 1}));
  EXPECT_FALSE(contents({n}, DType::Bool));
  EXPECT_FALSE(contents({n}, DType::I8));
  EXPECT_FALSE(contents({1}, DType::F32));
  const auto like = infer_op({.op_type = "CastLike"}, {vector_input({n}), tensor_input(DType::I32, {})})[0];
  EXPECT_EQ(like.type.dtype, DType::I32);
  EXPECT_EQ(like.contents, (Dims{n}));
}

TEST(BitCast, KeepsBitsOfEqualWidth) {
  const auto bit_cast = [](const Tensor& x, DType to) {
    return run_op({.op_type = "BitCast", .attributes = {{"to", static_cast<int64_t>(to)}}}, {x})[0].tensor;
  };
  EXPECT_EQ(bit_cast(Tensor::scalar(1.0f), DType::U32).as<uint32_t>()[0], 0x3f800000u);
  EXPECT_EQ(bit_cast(Tensor::scalar(std::complex<float>(1, 0)), DType::I64).as<int64_t>()[0], 0x3f800000);
  EXPECT_EQ(bit_cast(cast(Tensor::of<int8_t>({3}, {-1, 7, -8}), DType::I4), DType::U4).data<uint8_t>()[0], 0x7f);
  EXPECT_THROW(bit_cast(Tensor::scalar(1.0f), DType::I64), Error);
  EXPECT_THROW(bit_cast(Tensor::scalar(1.0f), DType::String), Error);
}

// Floats of every sign and exponent.
std::vector<float> samples() {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 40009) {
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  return x;
}

TEST(HalfKernels, MatchTheScalarConversions) {
  const std::vector<float> x = samples();
  std::vector<uint16_t> codes(65536), narrow(x.size());
  std::vector<float> wide(65536);
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<uint16_t>(i);
  for (const auto& [isa, k] : runnable(half_kernels_all())) {
    k->widen_f16(codes.data(), wide.data(), 65536);
    for (size_t i = 0; i < codes.size(); ++i) {
      ASSERT_TRUE(wide[i] == Half::decode(codes[i]) || (std::isnan(wide[i]) && std::isnan(Half::decode(codes[i]))))
          << i;
    }
    k->widen_bf16(codes.data(), wide.data(), 65536);
    for (size_t i = 0; i < codes.size(); ++i) ASSERT_EQ(std::bit_cast<uint32_t>(wide[i]), codes[i] << 16) << isa << i;
    k->narrow_f16(x.data(), narrow.data(), static_cast<int64_t>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_TRUE(narrow[i] == Half::encode(x[i]) || std::isnan(x[i])) << isa << x[i];
    }
    k->narrow_bf16(x.data(), narrow.data(), static_cast<int64_t>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_TRUE(narrow[i] == BFloat16::encode(x[i]) || std::isnan(x[i])) << isa << x[i];
    }
  }
}

TEST(NumberKernels, Truncate) {
  const std::vector<float> x = samples();
  std::vector<int32_t> y(x.size());
  for (const auto& [isa, k] : runnable(number_kernels_all())) {
    k->f32_to_i32(x.data(), y.data(), static_cast<int64_t>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
      const bool fits = x[i] >= -0x1p31f && x[i] < 0x1p31f;
      ASSERT_EQ(y[i], fits ? static_cast<int32_t>(x[i]) : std::numeric_limits<int32_t>::min()) << isa << x[i];
    }
  }
}

}  // namespace
}  // namespace mica
