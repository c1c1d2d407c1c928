// Products with constants that are not packed yet are, to the bit, those with packed ones.
#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/packed.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "runtime/base/memory.h"

namespace mica {
namespace {

// Packs when it is told to.
class Waiting : public Packer {
 public:
  std::shared_ptr<const PackedBytes> pack(const Tensor& constant, PackTask task) override {
    EXPECT_TRUE(task.can_wait);
    items_.push_back({constant, std::move(task), std::make_shared<PackedBytes>()});
    return items_.back().result;
  }
  void leave(const Tensor&) override {}

  void finish() {
    for (const auto& [constant, task, result] : items_) {
      const auto memory = std::static_pointer_cast<std::byte>(allocate_aligned(task.bytes));
      task.fill(constant, memory.get(), 0, task.parts);
      result->set(memory);
    }
  }

 private:
  struct Item {
    Tensor constant;
    PackTask task;
    std::shared_ptr<PackedBytes> result;
  };
  std::vector<Item> items_;
};

Tensor numbers(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  visit_dtype<float, Half, BFloat16>(dtype, [&]<class T>() {
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      tensor.mutable_data<T>()[i] = T(static_cast<float>(i * 7919 % 2003 - 1001) / 977);
    }
  });
  return tensor;
}

std::vector<float> multiplied(const PackedMatrices& packed, const Tensor& b, int64_t index, int64_t m,
                              ThreadPool& threads) {
  const Tensor a = numbers(DType::F32, {m, packed.k()});
  std::vector<float> c(static_cast<size_t>(m * packed.n()), -1);
  Product product{m, packed.n(), packed.k(), {a.data<float>(), packed.k(), 1}};
  const RightOperand right(packed, b);
  right.set(product, index);
  product.c = c.data();
  product.c_row = packed.n();
  const int64_t scratch = scratch_elements(product, threads.threads());
  const auto memory = std::static_pointer_cast<float>(allocate_aligned(static_cast<size_t>(scratch) * sizeof(float)));
  gemm(threads, product, memory.get());
  return c;
}

void expect_same(DType dtype, bool transposed, int64_t k, int64_t n, ThreadPool& threads) {
  const Tensor b = numbers(dtype, transposed ? Shape{2, n, k} : Shape{2, k, n});
  Waiting packer;
  std::shared_ptr<const PackedMatrices> matrices;
  {
    const UsePacker use(packer);
    matrices = PackedMatrices::make(&b, transposed, true);
  }
  std::vector<std::vector<float>> before;
  const std::vector<int64_t> heights = {1, 2, 8, 9, 12, 24, 25, 48, 49, 130};
  for (const int64_t m : heights) before.push_back(multiplied(*matrices, b, 1, m, threads));
  EXPECT_EQ(matrices->matrix(0), nullptr) << "not packed by anybody";
  packer.finish();
  for (size_t i = 0; i < heights.size(); ++i) {
    const std::vector<float> after = multiplied(*matrices, b, 1, heights[i], threads);
    EXPECT_EQ(std::memcmp(before[i].data(), after.data(), after.size() * sizeof(float)), 0)
        << name(dtype) << (transposed ? " transposed " : " ") << heights[i] << "x" << k << "x" << n << ", "
        << threads.threads() << " threads";
  }
}

TEST(RightOperand, IsTheSameBeforeItIsPacked) {
  ThreadPool one(1), two(2);
  for (size_t i = 0; i < isas().size(); ++i) {
    if (!lacking(isas()[i]).empty()) continue;
    SCOPED_TRACE(isas()[i].name);
    const UseIsa use(i);
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
      for (const bool transposed : {false, true}) {
        expect_same(dtype, transposed, 37, 201, one);
        expect_same(dtype, transposed, 1500, 130, two);  // several passes over k
      }
    }
  }
}

}  // namespace
}  // namespace mica
