// The fast product of matrices, with the loops of every instruction set this CPU has, against double.
#include "kernels/matmul/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/gemm_kernels.h"
#include "kernels/matmul/packed.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "tests/unit/run_op.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

using Activation = Epilogue::Activation;

struct Named {
  const char* isa;
  GemmKernels kernels;
};

std::vector<Named> all_kernels() {
  std::vector<Named> list;
  const auto dots = runnable(dot_kernels_all());
  const auto packs = runnable(pack_kernels_all());
  const auto activations = runnable(activate_kernels_all());
  for (const auto& row : runnable(tile_kernels_all())) {
    const size_t i = list.size();
    list.push_back({row.isa, {row.table, dots[i].table, packs[i].table, activations[i].table}});
  }
  return list;
}

struct Aligned {
  explicit Aligned(int64_t count) : data(new (std::align_val_t{64}) float[static_cast<size_t>(count)]) {
    std::fill_n(data.get(), count, std::numeric_limits<float>::quiet_NaN());
  }
  struct Free {
    void operator()(float* p) const { ::operator delete[](p, std::align_val_t{64}); }
  };
  std::unique_ptr<float, Free> data;
};

// A matrix in memory of its own, without an element more than its strides reach.
struct Stored {
  enum class Layout { Rows, Columns, Strided, Pages };  // Pages: rows half a page, or several, apart
  std::vector<float> data;
  int64_t row, column;

  Stored(int64_t rows, int64_t columns, Layout layout, std::mt19937& random) {
    const int64_t paged = (columns + 511) / 512 * 512;
    row = layout == Layout::Rows      ? columns + 3
          : layout == Layout::Columns ? 1
          : layout == Layout::Pages   ? paged
                                      : 2 * columns + 1;
    column = layout == Layout::Columns ? rows + 2 : layout == Layout::Strided ? 2 : 1;
    if (rows > 0 && columns > 0) data.resize(static_cast<size_t>((rows - 1) * row + (columns - 1) * column + 1));
    std::uniform_real_distribution<float> value(-1, 1);
    for (float& x : data) x = value(random);
  }
  Matrix<const float> matrix() const { return {data.data(), row, column}; }
};

double activate(const Epilogue& epilogue, double x) {
  switch (epilogue.activation) {
    case Activation::None:
      return x;
    case Activation::Relu:
      return x < 0 ? 0 : x;
    case Activation::Clip:
      return std::min<double>(epilogue.high, std::max<double>(epilogue.low, x));
    case Activation::HardSwish:
      return x * std::min(1.0, std::max(0.0, x / 6 + 0.5));
    case Activation::Gelu:
      return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Activation::GeluTanh:
      return x / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Activation::Silu:
      return x / (1 + std::exp(-x));
    case Activation::Tanh:
      return std::tanh(x);
    case Activation::Sigmoid:
      return 1 / (1 + std::exp(-x));
  }
  return x;
}

// What the product should be, and how far off a sum in float may be.
void expect_product(const Product& p, const Matrix<const float>& b, const std::vector<float>& before, const float* c,
                    const std::string& what) {
  const auto addend = [&](const Addend& x, int64_t i, int64_t j) -> double {
    if (x.data == nullptr) return 0;
    return static_cast<double>(x.factor) *
           (x.data == p.c ? before[static_cast<size_t>(i * x.row + j * x.column)] : x.data[i * x.row + j * x.column]);
  };
  for (int64_t i = 0; i < p.m; ++i) {
    for (int64_t j = 0; j < p.n; ++j) {
      double sum = 0, magnitude = 0;
      for (int64_t q = 0; q < p.k; ++q) {
        const double term = static_cast<double>(p.a.at(i, q)) * b.at(q, j);
        sum += term;
        magnitude += std::abs(term);
      }
      sum *= p.epilogue.alpha;
      magnitude *= std::abs(p.epilogue.alpha);
      for (const Addend& x : p.epilogue.addends) {
        sum += addend(x, i, j);
        magnitude += std::abs(addend(x, i, j));
      }
      const double limit = 1.2 * tolerance::sum(p.k + 2) * magnitude + 1e-6;
      const double y = c[i * p.c_row + j];
      ASSERT_NEAR(y, activate(p.epilogue, sum), limit) << what << " at " << i << "," << j;
    }
  }
}

std::string describe(const char* isa, const Product& p, int layout_a, int layout_b, int way) {
  return std::string(isa) + " " + std::to_string(p.m) + "x" + std::to_string(p.n) + "x" + std::to_string(p.k) +
         " layouts " + std::to_string(layout_a) + "," + std::to_string(layout_b) + " way " + std::to_string(way);
}

TEST(Gemm, AgreesWithDoubleOverShapesLayoutsAndEpilogues) {
  std::mt19937 random(7);
  const int64_t sizes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 24, 25, 31, 33, 48, 65, 97};
  const int64_t depths[] = {0, 1, 2, 3, 7, 8, 15, 16, 31, 64, 100, 300, 611};
  const auto pick = [&](const auto& list) { return list[random() % std::size(list)]; };
  for (const Named& named : all_kernels()) {
    for (int round = 0; round < 700; ++round) {
      Product p;
      p.m = pick(sizes), p.n = pick(sizes), p.k = pick(depths);
      const int layout_a = static_cast<int>(random() % 4), layout_b = static_cast<int>(random() % 3);
      const int way = static_cast<int>(random() % 3);
      const Stored a(p.m, p.k, static_cast<Stored::Layout>(layout_a), random);
      const Stored b(p.k, p.n, static_cast<Stored::Layout>(layout_b), random);
      const Stored full(p.m, p.n, Stored::Layout::Rows, random);
      const Stored bias(1, std::max(p.m, p.n), Stored::Layout::Rows, random);
      p.a = a.matrix();
      p.c_row = p.n + static_cast<int64_t>(random() % 4);
      std::vector<float> before(static_cast<size_t>(p.m * p.c_row + 1), 7.0f);
      for (float& x : before) x = static_cast<float>(random() % 1000) * 1e-3f;
      std::vector<float> c = before;
      p.c = c.data();
      if (random() % 2 != 0) p.epilogue.alpha = 0.37f;
      const Addend choices[] = {{},
                                {bias.data.data(), 0, 1, 1},
                                {bias.data.data(), 1, 0, -0.5f},
                                {bias.data.data(), 0, 0, 2},
                                {full.data.data(), full.row, 1, 0.5f},
                                {p.c, p.c_row, 1, 1}};
      p.epilogue.addends[0] = pick(choices);
      p.epilogue.addends[1] = pick(choices);
      p.epilogue.activation = static_cast<Activation>(random() % 9);
      p.epilogue.low = -0.3f, p.epilogue.high = 0.7f;
      Aligned packed(packed_elements(p.k, p.n));
      const auto fill_panels = [&](const PanelBlock& block, float* to) {
        for (int64_t j = 0; j < (block.n + 15) / 16 * 16; ++j) {
          for (int64_t q = 0; q < block.k; ++q) {
            to[j / 16 * block.panel + q * 16 + j % 16] = j < block.n ? b.matrix().at(block.k0 + q, block.j0 + j) : 0;
          }
        }
      };
      const FillPanels fill = fill_panels;
      const auto copy_rows = [&](const RowBlock& block, float* to) {
        for (int64_t i = 0; i < block.m; ++i) {
          for (int64_t q = 0; q < block.k; ++q) to[i * block.row + q] = a.matrix().at(block.i0 + i, block.k0 + q);
        }
      };
      const FillRows fill_rows = copy_rows;
      if (random() % 4 == 0) p.fill_a = &fill_rows;
      if (way == 0) p.b = b.matrix();
      if (way == 1) pack(b.matrix(), p.k, p.n, packed.data.get()), p.packed_b = packed.data.get();
      if (way == 2) p.fill_b = &fill;
      Aligned scratch(scratch_elements(named.kernels, p));
      gemm(named.kernels, p, scratch.data.get());
      expect_product(p, b.matrix(), before, c.data(), describe(named.isa, p, layout_a, layout_b, way));
      if (HasFatalFailure()) return;
      for (int64_t i = 0; i < p.m; ++i) {
        for (int64_t j = p.n; j < p.c_row; ++j) {
          const auto at = static_cast<size_t>(i * p.c_row + j);
          ASSERT_EQ(c[at], before[at]) << "written beside the result";
        }
      }
    }
  }
}

TEST(Gemm, IsTheSameForAnyNumberOfThreads) {
  std::mt19937 random(3);
  struct Case {
    int64_t m, n, k;
    Stored::Layout a, b;
    bool packed;
  };
  const Case cases[] = {{130, 200, 300, Stored::Layout::Rows, Stored::Layout::Rows, true},
                        {130, 200, 300, Stored::Layout::Columns, Stored::Layout::Columns, false},
                        {7, 1000, 300, Stored::Layout::Rows, Stored::Layout::Columns, false},
                        {500, 30, 600, Stored::Layout::Rows, Stored::Layout::Rows, false},
                        {1, 3000, 500, Stored::Layout::Rows, Stored::Layout::Rows, true},
                        {2000, 1, 700, Stored::Layout::Rows, Stored::Layout::Rows, false}};
  for (const Case& x : cases) {
    const Stored a(x.m, x.k, x.a, random), b(x.k, x.n, x.b, random);
    Aligned packed(packed_elements(x.k, x.n));
    pack(b.matrix(), x.k, x.n, packed.data.get());
    std::vector<float> expected;
    for (const int count : {1, 2, 3, 5}) {
      ThreadPool threads(count);
      std::vector<float> c(static_cast<size_t>(x.m * x.n));
      Product p{x.m, x.n, x.k, a.matrix(), b.matrix()};
      if (x.packed) p.packed_b = packed.data.get();
      p.c = c.data();
      p.c_row = x.n;
      Aligned scratch(scratch_elements(p, count));
      gemm(threads, p, scratch.data.get());
      if (expected.empty()) expected = c;
      EXPECT_EQ(c, expected) << x.m << "x" << x.n << "x" << x.k << " with " << count;
    }
  }
}

// A zero in one operand does not hide a NaN or an infinity in the other.
TEST(Gemm, PropagatesNanAndInfinity) {
  const float inf = std::numeric_limits<float>::infinity();
  for (const Named& named : all_kernels()) {
    for (const int64_t m : {1, 6, 40}) {
      const int64_t n = 19, k = 33;
      std::vector<float> a(static_cast<size_t>(m * k), 0.0f), b(static_cast<size_t>(k * n), 1.0f);
      b[static_cast<size_t>(5 * n + 3)] = inf;             // 0 * infinity in column 3
      b[static_cast<size_t>(5 * n + 18)] = std::nanf("");  // column 18
      std::vector<float> c(static_cast<size_t>(m * n));
      Product p{m, n, k, {a.data(), k, 1}, {b.data(), n, 1}};
      p.c = c.data();
      p.c_row = n;
      p.epilogue.activation = Activation::Relu;
      Aligned scratch(scratch_elements(named.kernels, p));
      gemm(named.kernels, p, scratch.data.get());
      for (int64_t i = 0; i < m * n; ++i) {
        EXPECT_EQ(std::isnan(c[static_cast<size_t>(i)]), i % n == 3 || i % n == 18)
            << named.isa << " " << m << " " << i;
      }
    }
  }
}

// A stack of matrices, and the same of narrower floats: panels hold what the tensor does, and zeros beside it.
TEST(Gemm, PacksStacksOfEveryFloatType) {
  const int64_t count = 2, k = 9, n = 21;
  for (const bool transposed : {false, true}) {
    Tensor f32(DType::F32, transposed ? Shape{count, n, k} : Shape{count, k, n});
    Tensor f16(DType::F16, f32.shape()), bf16(DType::BF16, f32.shape());
    for (int64_t i = 0; i < f32.elements(); ++i) {
      f32.mutable_data<float>()[i] = static_cast<float>(i - 100);
      f16.mutable_data<Half>()[i] = Half(static_cast<float>(i - 100));
      bf16.mutable_data<BFloat16>()[i] = BFloat16(static_cast<float>(i - 100));
    }
    for (const Tensor* tensor : {&f32, &f16, &bf16}) {
      const auto packed = PackedMatrices::make(tensor, transposed);
      ASSERT_NE(packed, nullptr);
      for (int64_t at = 0; at < count * k * 32; ++at) {
        const int64_t matrix = at / (k * 32), panel = at / (k * 16) % 2, p = at / 16 % k, j = panel * 16 + at % 16;
        const int64_t element = matrix * k * n + (transposed ? j * k + p : p * n + j);
        const bool rounded = tensor->dtype() == DType::BF16;
        const float value = static_cast<float>(element - 100);
        const float wanted = j >= n ? 0 : rounded ? static_cast<float>(BFloat16(value)) : value;
        ASSERT_EQ(packed->matrix(0)[at], wanted) << name(tensor->dtype()) << " " << transposed << " " << at;
      }
    }
  }
  EXPECT_EQ(PackedMatrices::make(nullptr, false), nullptr);
  const Tensor doubles(DType::F64, {2, 2}), column(DType::F32, {5, 1}), empty(DType::F32, {0, 3});
  for (const Tensor* tensor : {&doubles, &column, &empty}) EXPECT_EQ(PackedMatrices::make(tensor, false), nullptr);
}

// MatMul and Gemm with weights that are constant, packed before, give what they give without.
TEST(Gemm, OperatorsUseWhatIsPackedBefore) {
  std::mt19937 random(5);
  const auto tensor = [&](const Shape& shape, DType dtype) {
    Tensor t(dtype, shape);
    visit_dtype<float, Half>(dtype, [&]<class T>() {
      for (int64_t i = 0; i < t.elements(); ++i) {
        t.mutable_data<T>()[i] = static_cast<T>(static_cast<float>(static_cast<int>(random() % 9) - 4));
      }
    });
    return t;
  };
  struct Call {
    OpCall op;
    Shape a, b;
  };
  const Call calls[] = {
      {{"MatMul", 13}, {3, 5, 20}, {20, 33}},
      {{"MatMul", 13}, {2, 3, 5, 20}, {3, 20, 33}},
      {{"MatMul", 13}, {2, 1, 5, 20}, {1, 4, 20, 17}},
      {{"FusedMatMul", 1, {{"transB", int64_t{1}}, {"alpha", 0.5f}}, 1, "com.microsoft"}, {5, 20}, {33, 20}},
      {{"Gemm", 13, {{"transB", int64_t{1}}, {"transA", int64_t{1}}}}, {20, 5}, {33, 20}},
  };
  for (const Call& call : calls) {
    for (const DType dtype : {DType::F32, DType::F16}) {
      const std::vector<Tensor> in = {tensor(call.a, dtype), tensor(call.b, dtype)};
      const Tensor wanted = run_op(call.op, in)[0].tensor;
      const Tensor y = run_packed_op(call.op, in, {1}, 2)[0].tensor;
      ASSERT_EQ(y.shape(), wanted.shape());
      EXPECT_EQ(std::memcmp(y.raw(), wanted.raw(), y.bytes()), 0) << call.op.op_type << " " << name(dtype);
    }
  }
}

}  // namespace
}  // namespace mica
