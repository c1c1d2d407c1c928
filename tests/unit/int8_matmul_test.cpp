// Products of 8-bit integers on every instruction set, and the operators made of them, against plain loops.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/quant/int8_simd.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"

namespace mica {
namespace {

template <class T>
std::vector<T> values(const Datum& datum) {
  const auto span = datum.tensor.as<T>();
  return {span.begin(), span.end()};
}

template <class T>
Tensor tensor(const Shape& shape, const std::vector<T>& x) {
  return Tensor::of<T>(shape, std::span<const T>(x));
}

template <class T>
std::vector<T> bytes(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<T> result(static_cast<size_t>(count));
  for (T& x : result) x = static_cast<T>(random());
  return result;
}

// Every number of rows, of columns and of elements along k that a kernel treats differently, at the ends of the ranges,
// where an instruction that saturates would be wrong.
TEST(Int8Kernels, ExactAtTheEndsOfTheRange) {
  for (const auto& [isa, table] : runnable(int8_kernels_all())) {
    for (int64_t k = 0; k < 3 * table->depth * 4 + 2; ++k) {
      for (int64_t rows = 1; rows <= table->rows; ++rows) {
        const int64_t n = 1 + (k + rows) % table->columns;
        const int64_t padded = (k + table->depth - 1) / table->depth * table->depth;
        std::vector<uint8_t> a(static_cast<size_t>(rows * k), 255), b(static_cast<size_t>(k * n), 0);  // b is -128
        for (size_t i = 0; i < a.size(); i += 3) a[i] = static_cast<uint8_t>(i);
        for (size_t i = 0; i < b.size(); i += 2) b[i] = 255;
        std::vector<uint64_t> row_memory(static_cast<size_t>(rows * padded + 1));
        const int64_t pitch = padded * table->row_element;
        std::vector<int8_t> panel(static_cast<size_t>(padded * table->columns), 99);
        std::vector<int32_t> sums(static_cast<size_t>(table->columns)), b_zero(sums.size(), 5);
        std::vector<int32_t> a_zero, a_rest, c(static_cast<size_t>(rows * table->columns));
        std::vector<int32_t> row_start, column_start(sums.size());
        uint8_t* packed = reinterpret_cast<uint8_t*>(row_memory.data());
        for (int64_t r = 0; r < rows; ++r) {
          a_zero.push_back(static_cast<int32_t>(r * 30));
          const int32_t sum = table->pack_row(a.data() + r * k, 1, k, 0, packed + r * pitch);
          a_rest.push_back(static_cast<int32_t>(sum - k * a_zero.back()));
          row_start.push_back(static_cast<int32_t>(r * 1000));
        }
        for (int64_t j = 0; j < table->columns; ++j) column_start[static_cast<size_t>(j)] = static_cast<int32_t>(j);
        table->pack_panel(b.data(), n, 1, k, n, 0x80, panel.data(), sums.data());
        Int8Tile tile{
            packed,        pitch,       rows,          panel.data(),  padded,   row_start.data(), column_start.data(),
            a_zero.data(), sums.data(), a_rest.data(), b_zero.data(), c.data(), table->columns};
        if (k % 3 == 1) tile.a_zero = nullptr;
        if (k % 3 == 2) tile.b_zero = nullptr;
        table->multiply(tile);
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t j = 0; j < n; ++j) {
            int32_t sum = static_cast<int32_t>(r * 1000 + j);
            for (int64_t i = 0; i < k; ++i) {
              const int32_t x = a[static_cast<size_t>(r * k + i)], w = b[static_cast<size_t>(i * n + j)] - 128;
              sum += x * w;
              if (tile.a_zero != nullptr) sum -= a_zero[static_cast<size_t>(r)] * w;
              if (tile.b_zero != nullptr) sum -= (x - a_zero[static_cast<size_t>(r)]) * 5;
            }
            ASSERT_EQ(c[static_cast<size_t>(r * table->columns + j)], sum) << isa << " k " << k << " rows " << rows;
          }
        }
      }
    }
  }
}

// Elements far apart: the packing of transposed operands.
TEST(Int8Kernels, PacksWithStrides) {
  const auto b = bytes<uint8_t>(7 * 64, 3);
  for (const auto& [isa, table] : runnable(int8_kernels_all())) {
    const int64_t k = 7, n = std::min<int64_t>(9, table->columns),
                  padded = (k + table->depth - 1) / table->depth * table->depth;
    std::vector<int8_t> straight(static_cast<size_t>(padded * table->columns)), turned(straight.size());
    std::vector<int32_t> sums(static_cast<size_t>(table->columns)), again(sums.size()), summed(sums.size());
    std::vector<uint8_t> transposed(static_cast<size_t>(k * n));
    for (int64_t i = 0; i < k; ++i) {
      for (int64_t j = 0; j < n; ++j) transposed[static_cast<size_t>(j * k + i)] = b[static_cast<size_t>(i * 64 + j)];
    }
    table->pack_panel(b.data(), 64, 1, k, n, 0x80, straight.data(), sums.data());
    table->pack_panel(transposed.data(), 1, k, k, n, 0x80, turned.data(), again.data());
    table->sum_columns(straight.data(), padded, summed.data());
    EXPECT_EQ(straight, turned) << isa;
    EXPECT_EQ(sums, again) << isa;
    EXPECT_EQ(sums, summed) << isa;
    for (int64_t j = 0; j < table->columns; ++j) {
      int32_t sum = 0;
      for (int64_t i = 0; j < n && i < k; ++i) sum += b[static_cast<size_t>(i * 64 + j)] - 128;
      EXPECT_EQ(sums[static_cast<size_t>(j)], sum) << isa;
    }
  }
}

// numpy.matmul of [2,1,m,k] and [3,k,n], in each combination of signs, a zero point for each row and column.
template <class A, class B>
void check_matmul(int64_t m, int64_t k, int64_t n) {
  const auto a = bytes<A>(2 * m * k, 1);
  const auto b = bytes<B>(3 * k * n, 2);
  const auto a_zero = bytes<A>(m, 3);
  const auto b_zero = bytes<B>(n, 4);
  const auto y = run_op({"MatMulInteger"}, {tensor(Shape{2, 1, m, k}, a), tensor(Shape{3, k, n}, b),
                                            tensor(Shape{m}, a_zero), tensor(Shape{n}, b_zero)});
  ASSERT_EQ(y[0].tensor.shape(), (Shape{2, 3, m, n}));
  const auto got = values<int32_t>(y[0]);
  size_t at = 0;
  for (int64_t p = 0; p < 6; ++p) {
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        int32_t sum = 0;
        for (int64_t e = 0; e < k; ++e) {
          sum += (a[static_cast<size_t>((p / 3 * m + i) * k + e)] - a_zero[static_cast<size_t>(i)]) *
                 (b[static_cast<size_t>((p % 3 * k + e) * n + j)] - b_zero[static_cast<size_t>(j)]);
        }
        ASSERT_EQ(got[at++], sum) << m << "x" << k << "x" << n << " at " << i << "," << j;
      }
    }
  }
}

TEST(MatMulInteger, AllSignsBroadcastAndZeroPoints) {
  for (const auto& [m, k, n] : std::vector<std::array<int64_t, 3>>{{1, 3, 5}, {13, 33, 35}, {5, 64, 300}}) {
    check_matmul<uint8_t, uint8_t>(m, k, n);
    check_matmul<uint8_t, int8_t>(m, k, n);
    check_matmul<int8_t, uint8_t>(m, k, n);
    check_matmul<int8_t, int8_t>(m, k, n);
  }
}

TEST(MatMulInteger, VectorsAndEmptyOperands) {
  const Tensor v = Tensor::of<uint8_t>({3}, {1, 2, 255});
  const auto dot = run_op({"MatMulInteger"}, {v, Tensor::of<int8_t>({3}, {-128, 1, 2})});
  EXPECT_EQ(dot[0].tensor.shape(), Shape{});
  EXPECT_EQ(values<int32_t>(dot[0]), std::vector<int32_t>{-128 + 2 + 510});
  const auto none = run_op({"MatMulInteger"}, {Tensor(DType::U8, {2, 0}), Tensor(DType::U8, {0, 2})});
  EXPECT_EQ(values<int32_t>(none[0]), (std::vector<int32_t>{0, 0, 0, 0}));
  EXPECT_EQ(run_op({"MatMulInteger"}, {Tensor(DType::U8, {0, 2}), Tensor(DType::U8, {2, 3})})[0].tensor.shape(),
            (Shape{0, 3}));
}

TEST(MatMulInteger, RefusesZeroPointsThatDoNotFit) {
  EXPECT_THROW(run_op({"MatMulInteger"}, {Tensor::of<uint8_t>({1, 2}, {1, 2}), Tensor::of<uint8_t>({2, 1}, {1, 2}),
                                          Tensor::of<uint8_t>({2}, {1, 2})}),
               Error);
}

TEST(MatMulInteger, InfersSymbolicDims) {
  const auto y = infer_op({"MatMulInteger"}, {tensor_input(DType::U8, {Dim::symbol("b"), Dim::symbol("s"), 8}),
                                              tensor_input(DType::I8, {8, 4})});
  EXPECT_EQ(y[0].type, ValueType::tensor(DType::I32, Dims{Dim::symbol("b"), Dim::symbol("s"), 4}));
}

TEST(QLinearMatMul, ScalesPerRowAndColumn) {
  // (a - 1) x (b - {0, 1}) = {1, 2; 3, 4} x {1, 1; 2, 3} = {5, 7; 11, 15}
  const auto y = run_op({"QLinearMatMul"}, {Tensor::of<uint8_t>({2, 2}, {2, 3, 4, 5}), Tensor::of<float>({2}, {1, 2}),
                                            Tensor::of<uint8_t>({2}, {1, 1}), Tensor::of<int8_t>({2, 2}, {1, 2, 2, 4}),
                                            Tensor::of<float>({2}, {0.5f, 1}), Tensor::of<int8_t>({2}, {0, 1}),
                                            Tensor::scalar(2.0f), Tensor::scalar<int8_t>(-3)});
  // {5, 7; 11, 15} * {0.25, 0.5; 0.5, 1} = {1.25, 3.5; 5.5, 15}
  EXPECT_EQ(values<int8_t>(y[0]), (std::vector<int8_t>{1 - 3, 4 - 3, 6 - 3, 15 - 3}));
}

TEST(QLinearMatMul, Float8) {
  const auto f8 = [](std::initializer_list<float> x, const Shape& shape) {
    std::vector<Float8E4M3FN> codes;
    for (const float v : x) codes.emplace_back(v);
    return tensor(shape, codes);
  };
  const Tensor zero = f8({0}, {});
  const Tensor scale = Tensor::scalar(Half(2.0f));
  const auto y = run_op({"QLinearMatMul", 21},
                        {f8({1, 2, -3, 0.5f}, {2, 2}), scale, zero, f8({4, 1}, {2, 1}), scale, zero, scale, zero});
  const auto span = y[0].tensor.as<Float8E4M3FN>();
  EXPECT_EQ(static_cast<float>(span[0]), 12);   // (1 * 4 + 2 * 1) * 2
  EXPECT_EQ(static_cast<float>(span[1]), -24);  // -23 is half-way between -22 and -24
}

constexpr const char* kMicrosoft = "com.microsoft";

TEST(MatMulIntegerToFloat, PerColumnScalesAndBias) {
  const std::vector<Tensor> inputs = {Tensor::of<uint8_t>({1, 2}, {130, 126}),
                                      Tensor::of<uint8_t>({2, 2}, {3, 1, 5, 2}),
                                      Tensor::scalar(0.5f),
                                      Tensor::of<float>({2}, {1, 4}),
                                      Tensor::scalar<uint8_t>(128),
                                      Tensor::of<uint8_t>({2}, {1, 2}),
                                      Tensor::of<float>({2}, {10, 20})};
  const auto y = run_op({"MatMulIntegerToFloat", 1, {}, 1, kMicrosoft}, inputs);
  // {2, -2} x {2, -1; 4, 0} = {-4, -2}
  EXPECT_EQ(values<float>(y[0]), (std::vector<float>{8, 16}));
}

TEST(DynamicQuantizeMatMul, QuantisesTheLeftOperand) {
  const auto y = run_op({"DynamicQuantizeMatMul", 1, {}, 1, kMicrosoft}, {Tensor::of<float>({1, 3}, {-1, 0, 1.55f}),
                                                                          Tensor::of<int8_t>({3, 1}, {10, 20, -30}),
                                                                          Tensor::scalar(0.5f),
                                                                          {},
                                                                          Tensor::of<float>({1}, {1})});
  // scale 0.01: -100, 0, 155
  EXPECT_NEAR(values<float>(y[0])[0], (-1000 - 155 * 30) * 0.005f + 1, 1e-5);
}

TEST(QGemm, TransposedWithBiasToFloatAndBytes) {
  std::vector<Tensor> inputs = {
      Tensor::of<uint8_t>({2, 1}, {3, 4}),      Tensor::scalar(0.5f),           Tensor::scalar<uint8_t>(1),
      Tensor::of<int8_t>({2, 2}, {1, 2, 3, 4}), Tensor::of<float>({2}, {1, 2}), Tensor::of<int8_t>({2}, {0, 1}),
      Tensor::of<int32_t>({1, 2}, {100, 200})};
  const OpCall call{"QGemm", 1, {{"transA", int64_t{1}}, {"transB", int64_t{1}}, {"alpha", 2.0f}}, 1, kMicrosoft};
  // {2, 3} x {1, 2; 2, 3} = {8, 13}, and 100 and 200
  EXPECT_EQ(values<float>(run_op(call, inputs)[0]), (std::vector<float>{108, 426}));
  inputs.push_back(Tensor::scalar(4.0f));
  inputs.push_back(Tensor::scalar<uint8_t>(100));
  EXPECT_EQ(values<uint8_t>(run_op(call, inputs)[0]), (std::vector<uint8_t>{127, 206}));
}

}  // namespace
}  // namespace mica
