#include "kernels/norm/layer_norm.h"

#include "backends/cpu/thread_pool.h"
#include "runtime/base/concat.h"

namespace mica {

template <class T>
void normalize_rows(const Operands& io, const NormRows<Stored<T>, Wide<T>>& rows, int64_t count) {
  const int64_t width = std::max<int64_t>(1, rows.width);
  const int64_t grain = std::max<int64_t>(1, 4096 / width);
  const int64_t parts = std::clamp<int64_t>(count / grain, 1, io.threads().threads());
  const int64_t share = (count + parts - 1) / parts;
  Wide<T>* room = io.scratch<Wide<T>>(parts * width);
  io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      norm_loops<T>().rows(rows, part * share, std::min(count, (part + 1) * share), room + part * width);
    }
  });
}

template <class T>
RowOperand<T> row_operand(const Operands& io, size_t input, const Shape& x, int64_t width) {
  if (!io.has(input)) return {};
  const Tensor& tensor = io.in(input);
  const Shape& shape = tensor.shape();
  const T* data = widen<T>(io, tensor);
  bool fits = shape.rank() <= x.rank();
  bool whole = fits && shape.elements() == width;
  const size_t offset = x.rank() - std::min(x.rank(), shape.rank());
  for (size_t i = 0; fits && i < shape.rank(); ++i) {
    fits = shape[i] == x[i + offset] || shape[i] == 1;
    whole = whole && (shape[i] == x[i + offset] || shape.elements(0, i + 1) == 1);
  }
  if (!fits) throw_error(ErrorCode::InvalidArgument, {"scale or bias ", tensor, " does not broadcast to ", x});
  if (whole) return {data, 0};

  T* expanded = io.scratch<T>(x.elements());
  const auto strides = shape.strides();
  for (int64_t flat = 0; flat < x.elements(); ++flat) {
    int64_t rest = flat, at = 0;
    for (size_t axis = x.rank(); axis-- > 0;) {
      const int64_t index = rest % x[axis];
      rest /= x[axis];
      if (axis >= offset && shape[axis - offset] != 1) at += index * strides[axis - offset];
    }
    expanded[flat] = data[at];
  }
  return {expanded, width};
}

template void normalize_rows<float>(const Operands&, const NormRows<float>&, int64_t);
template void normalize_rows<double>(const Operands&, const NormRows<double, double>&, int64_t);
template void normalize_rows<Half>(const Operands&, const NormRows<uint16_t>&, int64_t);
template void normalize_rows<BFloat16>(const Operands&, const NormRows<uint16_t>&, int64_t);
template RowOperand<float> row_operand<float>(const Operands&, size_t, const Shape&, int64_t);
template RowOperand<double> row_operand<double>(const Operands&, size_t, const Shape&, int64_t);

}  // namespace mica
