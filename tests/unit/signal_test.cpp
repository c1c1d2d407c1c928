// Transforms of kernels/signal against sums in double, and operators beyond what the ONNX backend tests cover.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <random>

#include "kernels/signal/fft.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

using Numbers = std::vector<std::complex<double>>;

Numbers exact_dft(const Numbers& x, double sign) {
  const size_t n = x.size();
  Numbers y(n);
  for (size_t k = 0; k < n; ++k) {
    for (size_t j = 0; j < n; ++j) {
      const double angle = sign * 2 * std::numbers::pi * static_cast<double>(j * k % n) / static_cast<double>(n);
      y[k] += x[j] * std::polar(1.0, angle);
    }
  }
  return y;
}

Numbers numbers(int64_t n, bool real) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> distribution(-1, 1);
  Numbers x(static_cast<size_t>(n));
  for (auto& value : x) value = {distribution(random), real ? 0 : distribution(random)};
  return x;
}

// The error relative to the norm of the transform.
template <class T>
double error_of(int64_t n, bool real, bool inverse) {
  const Numbers x = numbers(n, real), exact = exact_dft(x, inverse ? 1 : -1);
  std::vector<Complex<T>> tables(static_cast<size_t>(Dft<T>::table_elements(n, real)));
  std::vector<Complex<T>> room(static_cast<size_t>(Dft<T>::room_elements(n, real)));
  const Dft<T> dft(n, real, inverse, tables.data());
  T* parts = reinterpret_cast<T*>(room.data());
  for (size_t i = 0; i < x.size(); ++i) {
    if (real) {
      parts[i] = static_cast<T>(x[i].real());
    } else {
      room[i] = {static_cast<T>(x[i].real()), static_cast<T>(x[i].imag())};
    }
  }
  dft.run(room.data());
  double error = 0, norm = 0;
  for (size_t k = 0; k < (real ? x.size() / 2 + 1 : x.size()); ++k) {
    error += std::norm(exact[k] - std::complex<double>(room[k].re, room[k].im));
    norm += std::norm(exact[k]);
  }
  return std::sqrt(error / norm);
}

// Small factors in every combination of radices; primes beyond them and their multiples, by Bluestein's algorithm.
TEST(Fft, OfEveryKindOfLength) {
  for (const int64_t n :
       {1,  2,  3,  4,   5,   6,   7,   8,   9,   11,  12,  13,  15,  16,  17,  19,  20,   30,   31,   34,
        49, 64, 77, 100, 121, 128, 169, 210, 211, 256, 360, 400, 422, 509, 512, 600, 1001, 1018, 1024, 1155}) {
    for (const bool real : {false, true}) {
      EXPECT_LT(error_of<double>(n, real, false), 2e-14) << n << real;
      EXPECT_LT(error_of<float>(n, real, false), 1e-6) << n << real;
    }
    EXPECT_LT(error_of<double>(n, false, true), 2e-14) << n;
  }
}

// Forth and back along a middle axis, one-sided: the real signal again, for even and odd lengths.
TEST(Dft, InverseOfOneSided) {
  for (const int64_t n : {6, 7}) {
    std::vector<double> x(static_cast<size_t>(2 * n * 3));
    for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i * i));
    const auto bins = run_op({"DFT", 20, {{"onesided", int64_t{1}}}},
                             {Tensor::view<double>({2, n, 3, 1}, x), {}, Tensor::scalar(int64_t{1})});
    ASSERT_EQ(bins[0].tensor.shape(), (Shape{2, n / 2 + 1, 3, 2}));
    const auto y = run_op({"DFT", 20, {{"onesided", int64_t{1}}, {"inverse", int64_t{1}}}},
                          {bins[0].tensor, Tensor::scalar(n), Tensor::scalar(int64_t{-3})});
    ASSERT_EQ(y[0].tensor.shape(), (Shape{2, n, 3, 1}));
    for (size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(y[0].tensor.as<double>()[i], x[i], 1e-15) << n << " " << i;
  }
}

TEST(Dft, CutsAndFillsUp) {
  const Tensor x = Tensor::of<float>({1, 3, 1}, {1, 2, 3});
  const auto cut = run_op({"DFT", 17}, {x, Tensor::scalar(int64_t{2})})[0].tensor;
  EXPECT_EQ(std::vector<float>(cut.as<float>().begin(), cut.as<float>().end()), (std::vector<float>{3, 0, -1, 0}));
  const auto filled = run_op({"DFT", 17}, {x, Tensor::scalar(int32_t{4})})[0].tensor;
  EXPECT_EQ(std::vector<float>(filled.as<float>().begin(), filled.as<float>().end()),
            (std::vector<float>{6, 0, -2, -2, 2, 0, -2, 2}));
}

TEST(Dft, RefusesWhatDoesNotFit) {
  const Tensor x = Tensor::of<float>({1, 3, 1}, {1, 2, 3});
  EXPECT_NE(message_of([&] { run_op({"DFT", 20}, {x, Tensor::scalar(int64_t{0})}); }), "no error");
  EXPECT_NE(message_of([&] { run_op({"DFT", 20}, {x, {}, Tensor::scalar(int64_t{2})}); }), "no error");
  EXPECT_NE(message_of([&] { run_op({"DFT", 20}, {Tensor::of<float>({1, 1, 3}, {1, 2, 3})}); }), "no error");
}

TEST(Dft, DimsAreExpressions) {
  const Dim length = Dim::symbol("n");
  const auto half = infer_op({"DFT", 17, {{"onesided", int64_t{1}}}}, {tensor_input(DType::F32, {1, length, 1})});
  EXPECT_EQ(str(*half[0].type.dims), "[1,floor(n/2) + 1,2]");
  const auto back = infer_op({"DFT", 17, {{"onesided", int64_t{1}}, {"inverse", int64_t{1}}}},
                             {tensor_input(DType::F32, {1, length, 2})});
  EXPECT_EQ(str(*back[0].type.dims), "[1,2*n - 2,1]");
}

// Frames of a ramp under a window that is shorter than they are; bin 0 is the sum of the frame.
TEST(Stft, FramesWindowsAndFlatSignals) {
  const Tensor signal = Tensor::of<float>({1, 7}, {0, 1, 2, 3, 4, 5, 6});
  const auto y = run_op(
      {"STFT", 17}, {signal, Tensor::scalar(int64_t{2}), Tensor::of<float>({2}, {1, 10}), Tensor::scalar(int64_t{3})});
  ASSERT_EQ(y[0].tensor.shape(), (Shape{1, 3, 2, 2}));
  EXPECT_EQ(y[0].tensor.as<float>()[0], 10);
  EXPECT_EQ(y[0].tensor.as<float>()[4], 32);
  EXPECT_EQ(y[0].tensor.as<float>()[8], 54);
  const auto none = run_op({"STFT", 17}, {signal, Tensor::scalar(int64_t{2}), {}, Tensor::scalar(int64_t{9})});
  EXPECT_EQ(none[0].tensor.shape(), (Shape{1, 0, 5, 2}));
}

TEST(Stft, DimsAreExpressions) {
  const auto scalar = [](int64_t value) { return KnownInput{ValueType::tensor(DType::I64, Dims{}), Dims{value}}; };
  const auto y = infer_op({"STFT", 17}, {tensor_input(DType::F32, {Dim::symbol("b"), 400, 1}), scalar(160),
                                         tensor_input(DType::F32, {160})});
  EXPECT_EQ(str(*y[0].type.dims), "[b,2,81,2]");
}

TEST(Window, OfOneElementAndOfIntegers) {
  const auto one = run_op({"HannWindow", 17, {{"periodic", int64_t{0}}}}, {Tensor::scalar(int64_t{1})});
  EXPECT_EQ(one[0].tensor.as<float>()[0], 1);
  const auto y = run_op({"BlackmanWindow", 17, {{"output_datatype", int64_t{2}}}}, {Tensor::scalar(int32_t{4})});
  EXPECT_EQ(y[0].tensor.as<uint8_t>()[0], 0);
  EXPECT_EQ(run_op({"HammingWindow", 17}, {Tensor::scalar(int64_t{0})})[0].tensor.elements(), 0);
}

}  // namespace
}  // namespace mica
