#include "kernels/float_conversion.h"

#include <cstddef>

#include "kernels/operands.h"
#include "kernels/wide.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

constexpr int64_t kGrain = 32768;

template <class From, class To>
void convert_each(const void* x, void* y, int64_t n) {
  const auto* from = static_cast<const From*>(x);
  auto* to = static_cast<To*>(y);
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (std::is_floating_point_v<To>) {
      to[i] = static_cast<To>(from[i]);
    } else {
      to[i] = To(static_cast<float>(from[i]));
    }
  }
}

ConvertLoop conversion(DType from, DType to) {
  if (from == DType::F32 && narrowing(to) != nullptr) return narrowing(to);
  if (to == DType::F32 && widening(from) != nullptr) return widening(from);
  ConvertLoop loop = nullptr;
  visit_dtype<float, double, Half, BFloat16>(from, [&]<class From>() {
    visit_dtype<float, double, Half, BFloat16>(to, [&]<class To>() { loop = convert_each<From, To>; });
  });
  if (loop == nullptr) bad_input(std::string(name(from)) + " is not converted to " + std::string(name(to)));
  return loop;
}

}  // namespace

ConvertLoop widening(DType dtype) {
  if (dtype == DType::F16) return half_kernels().widen_f16;
  return dtype == DType::BF16 ? half_kernels().widen_bf16 : nullptr;
}

ConvertLoop narrowing(DType dtype) {
  if (dtype == DType::F16) return half_kernels().narrow_f16;
  return dtype == DType::BF16 ? half_kernels().narrow_bf16 : nullptr;
}

void convert_floats(DType from, const void* x, DType to, void* y, int64_t n, ThreadPool* threads) {
  const ConvertLoop loop = conversion(from, to);
  if (threads == nullptr || n <= kGrain) return loop(x, y, n);
  const int64_t x_width = bit_width(from) / 8, y_width = bit_width(to) / 8;
  threads->parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
    loop(static_cast<const std::byte*>(x) + begin * x_width, static_cast<std::byte*>(y) + begin * y_width, end - begin);
  });
}

}  // namespace mica
