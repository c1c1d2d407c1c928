// Constants are packed the same wherever their elements lie, in parts or at once.
#include "kernels/packing.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "kernels/conv/channels_last_filters.h"
#include "kernels/matmul/bf16_gemm.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/packed.h"
#include "kernels/quant/int8_dynamic.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "runtime/base/unaligned.h"
#include "tests/unit/backwards.h"

namespace mica {
namespace {

Tensor numbers(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  visit_dtype<float, Half, BFloat16>(dtype, [&]<class T>() {
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      tensor.mutable_data<T>()[i] = T(static_cast<float>(i * 37 % 201 - 100) / 16);
    }
  });
  return tensor;
}

// The same elements `shift` bytes behind a place that is aligned.
struct Shifted {
  std::vector<std::byte> memory;
  Tensor tensor;

  Shifted(const Tensor& from, size_t shift) : memory(from.bytes() + 64 + shift) {
    const auto address = reinterpret_cast<uintptr_t>(memory.data());
    std::byte* to = memory.data() + (64 - address % 64) % 64 + shift;
    std::memcpy(to, from.raw(), from.bytes());
    tensor = Tensor::over(from.dtype(), from.shape(), to, nullptr);
  }
};

template <class Make>
std::vector<std::byte> packed_by(const Make& make) {
  Backwards packer;
  const UsePacker use(packer);
  EXPECT_NE(make(), nullptr);
  return packer.bytes;
}

template <class Check>
void for_each_case(const Check& check) {
  for (size_t i = 0; i < isas().size(); ++i) {
    if (!lacking(isas()[i]).empty()) continue;
    SCOPED_TRACE(isas()[i].name);
    const UseIsa use(i);
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
      for (const bool transposed : {false, true}) check(numbers(dtype, {137, 301}), transposed);
    }
  }
}

TEST(Packing, FloatsThatLieUnaligned) {
  for_each_case([](const Tensor& aligned, bool transposed) {
    const auto whole = PackedMatrices::make(&aligned, transposed);
    const size_t bytes = static_cast<size_t>(packed_elements(whole->k(), whole->n())) * sizeof(float);
    for (size_t shift = 0; shift < element_alignment(aligned.dtype()); ++shift) {
      const Shifted shifted(aligned, shift);
      ASSERT_EQ(is_aligned(shifted.tensor), shift == 0);
      const auto parts = packed_by([&] { return PackedMatrices::make(&shifted.tensor, transposed); });
      ASSERT_EQ(parts.size(), bytes);
      EXPECT_EQ(std::memcmp(parts.data(), whole->matrix(0), bytes), 0) << aligned.str() << " " << shift;
    }
  });
}

TEST(Packing, PairsOfBFloat16) {
  for_each_case([](const Tensor& aligned, bool transposed) {
    const auto whole = Bf16Weights::make(&aligned, transposed);
    if (whole == nullptr) return;  // the CPU has no products of them
    const Shifted shifted(aligned, 1);
    const auto parts = packed_by([&] { return Bf16Weights::make(&shifted.tensor, transposed); });
    EXPECT_EQ(std::memcmp(parts.data(), whole->panels(), parts.size()), 0);
    // Each pair is two rows of a column, rounded.
    const int64_t k = whole->k(), n = whole->n();
    for (int64_t p = 0; p < k; ++p) {
      for (int64_t j = 0; j < n; ++j) {
        const int64_t element = transposed ? j * k + p : p * n + j;
        float value = 0;
        visit_dtype<float, Half, BFloat16>(aligned.dtype(),
                                           [&]<class T>() { value = static_cast<float>(aligned.data<T>()[element]); });
        const auto* pairs = reinterpret_cast<const std::byte*>(whole->panels());
        const int64_t at = j / 16 * ((k + 1) / 2) * 16 + p / 2 * 16 + j % 16;
        BFloat16 packed;
        std::memcpy(&packed.bits, pairs + 4 * at + 2 * (p % 2), 2);
        ASSERT_EQ(packed.bits, BFloat16(value).bits) << p << "," << j;
      }
    }
  });
}

TEST(Packing, Int8ByColumn) {
  for_each_case([](const Tensor& aligned, bool transposed) {
    const auto whole = Int8Weights::make(&aligned, transposed);
    const Shifted shifted(aligned, 1);
    const auto parts = packed_by([&] { return Int8Weights::make(&shifted.tensor, transposed); });
    const PanelLayout& layout = whole->codes.layout;
    const size_t panels = static_cast<size_t>(layout.panels * layout.panel_bytes);
    const std::byte* bytes = whole->codes.memory->data<std::byte>();
    EXPECT_EQ(std::memcmp(parts.data(), bytes, panels), 0);
    EXPECT_EQ(std::memcmp(parts.data() + panels, layout.sums(bytes), static_cast<size_t>(layout.n) * 4), 0);
    EXPECT_EQ(std::memcmp(parts.data() + layout.bytes, whole->scales(), static_cast<size_t>(layout.n) * 4), 0);
  });
}

TEST(Packing, FiltersOfChannelsLast) {
  struct Layer {
    ChannelsLastFilters::Way way;
    Shape weights;
    int64_t group, stride;
  };
  using enum ChannelsLastFilters::Way;
  for (const Layer& layer : {Layer{Winograd, {40, 20, 3, 3}, 1, 1}, Layer{Products, {300, 7, 3, 5}, 1, 2},
                             Layer{Products, {150, 9, 1, 1}, 1, 1}, Layer{Products, {280, 3, 3}, 2, 1},
                             Layer{Depthwise, {33, 1, 3, 3}, 33, 1}}) {
    const Tensor aligned = numbers(DType::F32, layer.weights);
    ConvParams params;
    params.group = layer.group;
    params.strides.assign(layer.weights.rank() - 2, layer.stride);
    const ChannelsLastFilters filters(params, layer.weights);
    ASSERT_EQ(filters.way(), layer.way);
    PackTask task;
    task.bytes = static_cast<size_t>(filters.elements()) * sizeof(float);
    task.parts = filters.parts();
    task.fill = [&](const Tensor& constant, std::byte* to, int64_t begin, int64_t end) {
      filters.pack(constant, begin, end, reinterpret_cast<float*>(to));
    };
    const auto whole = pack(aligned, task);
    const Shifted shifted(aligned, 3);
    const auto parts = packed_by([&] { return pack(shifted.tensor, task); });
    ASSERT_EQ(parts.size(), static_cast<size_t>(filters.elements()) * sizeof(float));
    EXPECT_EQ(std::memcmp(parts.data(), whole->data<float>(), parts.size()), 0) << layer.weights.str();
  }
}

}  // namespace
}  // namespace mica
