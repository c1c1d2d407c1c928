#include "kernels/norm/layer_norm.h"

#include "backends/cpu/thread_pool.h"
#include "kernels/norm/rows.h"

namespace mica {

template <class T>
void normalize_rows(ThreadPool& threads, const RowNorm<T>& norm, const T* x, T* y) {
  const int64_t width = norm.width;
  threads.parallel_for(
      norm.rows, std::max<int64_t>(1, 1024 / std::max<int64_t>(1, width)), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const T* from = x + row * width;
          T* to = y + row * width;
          const auto [mean, variance] = norm.rms ? Moments<T>{0, mean_square(from, width)} : moments(from, width);
          const T inverse = 1 / std::sqrt(variance + static_cast<T>(norm.epsilon));
          if (norm.mean != nullptr) norm.mean[row] = mean;
          if (norm.inverse_deviation != nullptr) norm.inverse_deviation[row] = inverse;
          for (int64_t i = 0; i < width; ++i) to[i] = (from[i] - mean) * inverse;
          if (norm.scale != nullptr) {
            const T* scale = norm.scale + row * norm.scale_row;
            for (int64_t i = 0; i < width; ++i) to[i] *= scale[i];
          }
          if (norm.bias != nullptr) {
            const T* bias = norm.bias + row * norm.bias_row;
            for (int64_t i = 0; i < width; ++i) to[i] += bias[i];
          }
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
  if (!fits) bad_input("scale or bias " + tensor.str() + " does not broadcast to " + x.str());
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

template void normalize_rows<float>(ThreadPool&, const RowNorm<float>&, const float*, float*);
template void normalize_rows<double>(ThreadPool&, const RowNorm<double>&, const double*, double*);
template RowOperand<float> row_operand<float>(const Operands&, size_t, const Shape&, int64_t);
template RowOperand<double> row_operand<double>(const Operands&, size_t, const Shape&, int64_t);

}  // namespace mica
