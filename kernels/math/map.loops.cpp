#include "kernels/math/map.h"

#include <algorithm>

#include "kernels/float_conversion.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

// Elements of 16 bits, widened and rounded block by block.
void map_narrow(const uint16_t* x, uint16_t* y, int64_t first, int64_t n, ConvertLoop widen, ConvertLoop narrow,
                FloatLoop loop) {
  constexpr int64_t kBlock = 512;
  alignas(64) float block[kBlock];
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t count = std::min(kBlock, n - i);
    widen(x + i, block, count);
    loop(block, block, first + i, count);
    narrow(block, y + i, count);
  }
}

void map_range(const Tensor& x, Tensor& y, int64_t first, int64_t n, FloatLoop loop, DoubleFunction wide) {
  if (const ConvertLoop widen = widening(x.dtype())) {
    return map_narrow(x.data<uint16_t>() + first, y.mutable_data<uint16_t>() + first, first, n, widen,
                      narrowing(x.dtype()), loop);
  }
  switch (x.dtype()) {
    case DType::F32:
      return loop(x.data<float>() + first, y.mutable_data<float>() + first, first, n);
    case DType::F64:
      for (int64_t i = first; i < first + n; ++i) y.mutable_data<double>()[i] = wide(x.data<double>()[i], i);
      return;
    default:
      throw_error(ErrorCode::InvalidArgument, {x, " does not hold floats"});
  }
}

}  // namespace

void map_floats(ThreadPool& threads, const Tensor& x, Tensor& y, FloatLoop loop, DoubleFunction wide) {
  threads.parallel_for(x.elements(), kMapGrain,
                       [&](int64_t begin, int64_t end) { map_range(x, y, begin, end - begin, loop, wide); });
}

}  // namespace mica
