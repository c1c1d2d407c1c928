// Fragments of tensor cores against plain products: of numbers whose products and sums all types hold exactly.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "runtime/base/half.h"
#include "tests/cuda/fragments/fragments_cuda.h"
#include "tests/cuda/kernels/device_test.h"

namespace mica {
namespace {

struct FragmentCase {
  const char* name;
  cuda::Number number;
  int depth, least_capability;
};

class Fragments : public DeviceTest<FragmentCase> {
 protected:
  std::shared_ptr<std::byte> upload(const std::vector<std::byte>& bytes) {
    const auto memory = device_->allocate(bytes.size());
    stream_->upload(memory.get(), bytes.data(), bytes.size());
    stream_->synchronize();
    return memory;
  }
};

template <class T>
std::vector<std::byte> bytes_of(const std::vector<float>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    const T value(values[i]);
    std::memcpy(&bytes[i * sizeof(T)], &value, sizeof(T));
  }
  return bytes;
}

std::vector<std::byte> encode(const std::vector<float>& values, cuda::Number number) {
  return number == cuda::Number::I8     ? bytes_of<int8_t>(values)
         : number == cuda::Number::F16  ? bytes_of<Half>(values)
         : number == cuda::Number::BF16 ? bytes_of<BFloat16>(values)
                                        : bytes_of<float>(values);
}

// Whole numbers of bytes, or of which all types hold products exactly.
std::vector<float> random_values(size_t count, uint32_t seed, bool bytes = false) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    value = bytes ? static_cast<float>(static_cast<int>(random() % 256) - 128)
                  : static_cast<float>(static_cast<int>(random() % 65) - 32) / 16;
  }
  return values;
}

TEST_P(Fragments, MultiplyAsMatricesDo) {
  const auto& [name, number, depth, least] = GetParam();
  if (device_->info().capability < least) GTEST_SKIP() << "skipped: no instruction for it";
  const size_t k = static_cast<size_t>(depth);
  const bool bytes = number == cuda::Number::I8;
  const auto a = random_values(16 * k, 1, bytes), b = random_values(k * 8, 2, bytes), c = random_values(16 * 8, 3);
  const auto on_a = upload(encode(a, number)), on_b = upload(encode(b, number)), on_c = upload(bytes_of<float>(c));
  cuda::launch_fragment_product(number, on_a.get(), on_b.get(), reinterpret_cast<float*>(on_c.get()),
                                stream_->handle());
  std::vector<float> result(16 * 8);
  stream_->download(result.data(), on_c.get(), result.size() * sizeof(float));
  stream_->synchronize();
  for (size_t row = 0; row < 16; ++row) {
    for (size_t column = 0; column < 8; ++column) {
      double sum = c[row * 8 + column];
      for (size_t i = 0; i < k; ++i) {
        sum += static_cast<double>(a[row * k + i]) * b[bytes ? column * k + i : i * 8 + column];
      }
      EXPECT_EQ(result[row * 8 + column], sum) << row << ", " << column;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Fragments,
                         testing::Values(FragmentCase{"half", cuda::Number::F16, 16, 75},
                                         FragmentCase{"brain", cuda::Number::BF16, 16, 80},
                                         FragmentCase{"tf32", cuda::Number::F32, 8, 80},
                                         FragmentCase{"bytes", cuda::Number::I8, 32, 80}),
                         [](const auto& info) { return std::string(info.param.name); });

class Dots : public Fragments {};
TEST_P(Dots, AreOfSignedBytes) {
  constexpr size_t kSums = 32;
  const auto a = random_values(4 * kSums, 1, true), b = random_values(4 * kSums, 2, true);
  const std::vector<int32_t> before(kSums, -7);
  const auto on_a = upload(bytes_of<int8_t>(a)), on_b = upload(bytes_of<int8_t>(b));
  const auto sums = device_->allocate(kSums * sizeof(int32_t));
  stream_->upload(sums.get(), before.data(), kSums * sizeof(int32_t));
  cuda::launch_dots(on_a.get(), on_b.get(), reinterpret_cast<int32_t*>(sums.get()), stream_->handle());
  std::vector<int32_t> result(kSums);
  stream_->download(result.data(), sums.get(), kSums * sizeof(int32_t));
  stream_->synchronize();
  for (size_t i = 0; i < kSums; ++i) {
    float expected = -7;
    for (size_t j = 4 * i; j < 4 * i + 4; ++j) expected += a[j] * b[j];
    EXPECT_EQ(static_cast<float>(result[i]), expected);
  }
}
INSTANTIATE_TEST_SUITE_P(, Dots, testing::Values(FragmentCase{}));

class ShortCopies : public Fragments {};
TEST_P(ShortCopies, AreFilledWithZeros) {
  std::vector<std::byte> bytes(256);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i % 255 + 1);
  const auto from = upload(bytes), to = device_->allocate(bytes.size());
  for (const size_t count : {0, 1, 16, 100, 256}) {
    cuda::launch_short_copies(from.get(), to.get(), static_cast<int>(count), stream_->handle());
    std::vector<std::byte> result(bytes.size());
    stream_->download(result.data(), to.get(), result.size());
    stream_->synchronize();
    for (size_t i = 0; i < bytes.size(); ++i) EXPECT_EQ(result[i], i < count ? bytes[i] : std::byte{0}) << count;
  }
}
INSTANTIATE_TEST_SUITE_P(, ShortCopies, testing::Values(FragmentCase{}));

}  // namespace
}  // namespace mica
