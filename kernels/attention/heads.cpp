#include "kernels/attention/heads.h"

#include <cstring>

#include "kernels/float_conversion.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

// Rows of one float tensor into those of another.
void convert_rows(ThreadPool& threads, const HeadDims& dims, DType from, const void* x, const HeadLayout& from_layout,
                  DType to, void* y, const HeadLayout& to_layout) {
  const int64_t x_width = bit_width(from) / 8, y_width = bit_width(to) / 8;
  for_each_row(threads, dims, [&](int64_t b, int64_t h, int64_t i) {
    const auto* source = static_cast<const std::byte*>(x) + from_layout.at(b, h, i) * x_width;
    auto* target = static_cast<std::byte*>(y) + to_layout.at(b, h, i) * y_width;
    if (from == to) {
      std::memcpy(target, source, static_cast<size_t>(dims.width * x_width));
    } else {
      convert_floats(from, source, to, target, dims.width);
    }
  });
}

void check_floats(const Tensor& tensor) {
  if (!is_float(tensor.dtype())) throw_error(ErrorCode::InvalidArgument, {tensor, " does not hold floats"});
}

}  // namespace

void for_each_row(ThreadPool& threads, const HeadDims& dims, FunctionRef<void(int64_t b, int64_t h, int64_t i)> f) {
  if (dims.elements() == 0) return;
  const int64_t grain = dims.width > 0 ? 1 + 4096 / dims.width : 1;
  threads.parallel_for(dims.batch * dims.heads * dims.rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const int64_t h = n / dims.rows;
      f(h / dims.heads, h % dims.heads, n % dims.rows);
    }
  });
}

template <class T>
Heads<const T> read_heads(const Operands& io, const Tensor& tensor, const HeadLayout& layout, const HeadDims& dims) {
  if (tensor.dtype() == dtype_of<T>) return {tensor.data<T>(), layout};
  check_floats(tensor);
  const Heads<T> wide{io.scratch<T>(dims.elements()), dims.bnsh()};
  convert_rows(io.threads(), dims, tensor.dtype(), tensor.raw(), layout, dtype_of<T>, wide.data, wide.layout);
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
  check_floats(to);
  convert_rows(threads, dims, dtype_of<T>, from.data, from.layout, to.dtype(), to.mutable_raw(), layout);
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
