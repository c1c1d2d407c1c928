// ArgMax and ArgMin, ai.onnx 1: the index along one axis of the largest or smallest element; of the first such, or from
// version 12 on with select_last_index of the last. NaN counts as the extreme, as in NumPy.
#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/reduce/ranking.h"
#include "runtime/base/half.h"

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

template <class T>
int64_t index_of_extreme(const ArgExtreme& op, const T* x, int64_t width, int64_t stride) {
  int64_t best = 0;
  for (int64_t i = 1; i < width; ++i) {
    const T value = x[i * stride], current = x[best * stride];
    const bool value_nan = value != value, current_nan = current != current;
    const bool equal = value_nan ? current_nan : value == current;
    const bool beyond = op.largest ? value > current : value < current;
    if (equal ? op.select_last_index : !current_nan && (value_nan || beyond)) best = i;
  }
  return best;
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
  const bool known = visit_dtype<float, double, Half, BFloat16, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t,
                                 int64_t, uint64_t>(x.dtype(), [&]<class T>() {
    io.threads().parallel_for(outputs, std::max<int64_t>(1, 1024 / width), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        y[i] = index_of_extreme(op, x.data<T>() + i / inner * inner * width + i % inner, width, inner);
      }
    });
  });
  if (!known) bad_input("cannot compare " + x.str());
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
