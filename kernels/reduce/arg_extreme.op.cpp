// ArgMax and ArgMin, ai.onnx 1: the index along one axis of the largest or smallest element; of the first such, or from
// version 12 on with select_last_index of the last. NaN counts as the extreme, as in NumPy.
#include <algorithm>
#include <cmath>

#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/reduce/order_keys.h"
#include "kernels/reduce/ranking.h"
#include "kernels/reduce/reduce_simd.h"

namespace mica {
namespace {

void infer(const ArgExtreme& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, DType::I64);
  Dims result = *dims;
  const size_t axis = ctx.axis(op.axis, dims->size());
  if (op.keepdims) {
    result[axis] = 1;
  } else {
    result.erase(result.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  ctx.set(0, DType::I64, std::move(result));
}

// Of `width` elements that are `stride` apart.
int64_t index_of_extreme(const ArgExtreme& op, DType dtype, const std::byte* x, int64_t width, int64_t stride) {
  constexpr int64_t kBlock = 256;
  uint64_t keys[kBlock];
  uint64_t best = 0;
  int64_t index = 0;
  const int64_t step = stride * (bit_width(dtype) / 8);
  for (int64_t first = 0; first < width; first += kBlock) {
    const int64_t n = std::min(kBlock, width - first);
    order_keys(dtype, x + first * step, n, stride, op.largest, false, keys);
    const int64_t at = index_of_least({keys, static_cast<size_t>(n)}, op.select_last_index);
    if (first != 0 && (op.select_last_index ? keys[at] > best : keys[at] >= best)) continue;
    best = keys[at];
    index = first + at;
  }
  return index;
}

// The same of floats that are neighbours.
int64_t index_of_extreme(const ArgExtreme& op, const float* x, int64_t width) {
  constexpr int64_t kBlock = 1024;
  const auto& loop = op.largest ? reduce_kernels().f32.maximum : reduce_kernels().f32.minimum;
  float best = 0;
  int64_t found = 0;  // the block with the extreme
  for (int64_t first = 0; first < width; first += kBlock) {
    const float extreme = static_cast<float>(loop.row(x + first, std::min(kBlock, width - first), loop.start));
    if (first > 0) {
      const bool equal = std::isnan(extreme) ? std::isnan(best) : extreme == best;
      const bool beyond = op.largest ? extreme > best : extreme < best;
      if (equal ? !op.select_last_index : std::isnan(best) || !(std::isnan(extreme) || beyond)) continue;
    }
    best = extreme;
    found = first;
  }
  const int64_t end = std::min(found + kBlock, width);
  const auto is_it = [best](float value) { return std::isnan(best) ? std::isnan(value) : value == best; };
  if (op.select_last_index) {
    for (int64_t i = end; i-- > found;) {
      if (is_it(x[i])) return i;
    }
  }
  return std::find_if(x + found, x + end, is_it) - x;
}

void run_cpu(const ArgExtreme& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  const size_t axis = normalize_axis(op.axis, shape.rank());
  const int64_t width = shape[axis];
  const int64_t inner = shape.elements(axis + 1, shape.rank());
  const int64_t outputs = io.out(0).elements();
  if (outputs == 0) return;
  if (width == 0) bad_input("axis " + std::to_string(axis) + " of " + shape.str() + " is empty");
  int64_t* y = io.out(0).mutable_data<int64_t>();
  if (!types::numeric.contains(x.dtype())) bad_input("cannot compare " + x.str());
  const int64_t size = bit_width(x.dtype()) / 8;
  io.threads().parallel_for(outputs, std::max<int64_t>(1, 1024 / width), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i / inner * inner * width + i % inner;
      y[i] = x.dtype() == DType::F32 && inner == 1
                 ? index_of_extreme(op, x.data<float>() + first, width)
                 : index_of_extreme(op, x.dtype(), x.data<std::byte>() + first * size, width, inner);
    }
  });
}

OpBuilder<ArgExtreme> arg_extreme(bool largest) {
  return op(ArgExtreme{.largest = largest})
      .input("data", types::numeric)
      .output("reduced")
      .attribute("axis", &ArgExtreme::axis)
      .attribute("keepdims", &ArgExtreme::keepdims)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(ArgMax, 12) {
  return arg_extreme(true).attribute("select_last_index", &ArgExtreme::select_last_index);
}

MICA_OP(ArgMax, 1) {
  return arg_extreme(true);
}

MICA_OP(ArgMin, 12) {
  return arg_extreme(false).attribute("select_last_index", &ArgExtreme::select_last_index);
}

MICA_OP(ArgMin, 1) {
  return arg_extreme(false);
}

}  // namespace mica
