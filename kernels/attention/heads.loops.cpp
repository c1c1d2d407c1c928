#include "kernels/attention/heads.h"

#include <algorithm>

#include "kernels/float_conversion.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

template <class S, class T>
void convert_row(const S* from, T* to, int64_t width) {
  if constexpr (std::is_same_v<S, T>) {
    std::copy_n(from, width, to);
  } else {
    convert_floats(dtype_of<S>, from, dtype_of<T>, to, width);
  }
}

}  // namespace

template <class T>
Heads<const T> read_heads(const Operands& io, const Tensor& tensor, const HeadLayout& layout, const HeadDims& dims) {
  if (tensor.dtype() == dtype_of<T>) return {tensor.data<T>(), layout};
  const Heads<T> wide{io.scratch<T>(dims.elements()), dims.bnsh()};
  const bool known = visit_dtype<float, double, Half, BFloat16>(tensor.dtype(), [&]<class S>() {
    for_each_row(io.threads(), dims, [&](int64_t b, int64_t h, int64_t i) {
      convert_row(tensor.data<S>() + layout.at(b, h, i), wide.at(b, h, i), dims.width);
    });
  });
  if (!known) bad_input(tensor.str() + " does not hold floats");
  return {wide.data, wide.layout};
}

template <class T>
Heads<const T> add_to_heads(const Operands& io, const Heads<const T>& heads, const HeadDims& dims, const T* terms) {
  if (terms == nullptr) return heads;
  const Heads<T> sums{io.scratch<T>(dims.elements()), dims.bnsh()};
  for_each_row(io.threads(), dims, [&](int64_t b, int64_t h, int64_t i) {
    const T* x = heads.at(b, h, i);
    T* y = sums.at(b, h, i);
    for (int64_t d = 0; d < dims.width; ++d) y[d] = x[d] + terms[h * dims.width + d];
  });
  return {sums.data, sums.layout};
}

template <class T>
void write_heads(ThreadPool& threads, const Heads<const T>& from, Tensor& to, const HeadLayout& layout,
                 const HeadDims& dims) {
  const bool known = visit_dtype<float, double, Half, BFloat16>(to.dtype(), [&]<class S>() {
    S* data = to.mutable_data<S>();
    for_each_row(threads, dims, [&](int64_t b, int64_t h, int64_t i) {
      convert_row(from.at(b, h, i), data + layout.at(b, h, i), dims.width);
    });
  });
  if (!known) bad_input(to.str() + " does not hold floats");
}

void copy_heads(const Operands& io, const Tensor& from, const HeadLayout& from_layout, Tensor& to,
                const HeadLayout& to_layout, const HeadDims& dims) {
  StridedCopy copy(from_layout.start, to_layout.start);
  copy.add(dims.batch, from_layout.batch, to_layout.batch);
  copy.add(dims.heads, from_layout.head, to_layout.head);
  copy.add(dims.rows, from_layout.row, to_layout.row);
  copy.add(dims.width, 1, 1);
  copy.run(io, from, to);
}

template Heads<const float> read_heads(const Operands&, const Tensor&, const HeadLayout&, const HeadDims&);
template Heads<const double> read_heads(const Operands&, const Tensor&, const HeadLayout&, const HeadDims&);
template Heads<const float> add_to_heads(const Operands&, const Heads<const float>&, const HeadDims&, const float*);
template Heads<const double> add_to_heads(const Operands&, const Heads<const double>&, const HeadDims&, const double*);
template void write_heads(ThreadPool&, const Heads<const float>&, Tensor&, const HeadLayout&, const HeadDims&);
template void write_heads(ThreadPool&, const Heads<const double>&, Tensor&, const HeadLayout&, const HeadDims&);

}  // namespace mica
