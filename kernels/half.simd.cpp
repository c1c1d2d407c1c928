#include "kernels/half_simd.h"
#include "kernels/simd/vec.h"

namespace mica::MICA_ISA {
namespace {

template <class From, class To>
void convert(const void* from, void* to, int64_t n) {
  const auto* x = static_cast<const typename From::Type*>(from);
  auto* y = static_cast<typename To::Type*>(to);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) To::store(y + i, From::load(x + i));
  if (const int rest = static_cast<int>(n - i); rest > 0) To::store(y + i, From::load(x + i, rest), rest);
}

}  // namespace

MICA_SIMD_TABLE(HalfKernels, half_kernels) = {
    .widen_f16 = convert<F16, F32>,
    .widen_bf16 = convert<BF16, F32>,
    .narrow_f16 = convert<F32, F16>,
    .narrow_bf16 = convert<F32, BF16>,
};

}  // namespace mica::MICA_ISA
