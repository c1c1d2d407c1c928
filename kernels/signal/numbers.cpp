#include "kernels/signal/numbers.h"

#include <algorithm>

#include "kernels/wide_numbers.h"

namespace mica {

void write_numbers(Tensor& y, FunctionRef<double(int64_t)> f) {
  constexpr int64_t kBlock = 256;
  double block[kBlock];
  for (int64_t first = 0; first < y.elements(); first += kBlock) {
    const int64_t n = std::min(kBlock, y.elements() - first);
    for (int64_t i = 0; i < n; ++i) block[i] = f(first + i);
    narrow_numbers(DType::F64, block, WideRounding::Truncate, y.dtype(),
                   y.mutable_data<std::byte>() + first * (bit_width(y.dtype()) / 8), n);
  }
}

}  // namespace mica
