#include "kernels/shape/strided_rows.h"

#include <algorithm>

#include "kernels/shape/elements.h"
#include "kernels/shape/scalar_read.h"

namespace mica {
namespace {

using Axis = StridedCopy::Axis;

template <class T>
void copy(const void* from, void* to, const Axis& row) {
  // Elements may be written over what is behind a reference, as far as compilers know.
  const auto [n, x_step, y_step] = row;
  const T* x = static_cast<const T*>(from);
  T* y = static_cast<T*>(to);
  if (x_step == 1 && y_step == 1) {
    std::copy_n(x, n, y);
  } else if (x_step == 0 && y_step == 1) {
    std::fill_n(y, n, *x);
  } else {
#pragma GCC unroll 4
    for (int64_t i = 0; i < n; ++i) y[i * y_step] = scalar_read(x[i * x_step]);
  }
}

// Where the innermost axis has N places, as that of the channels of an image.
template <int64_t N, class T>
void interleave(const T* x, T* y, Axis inner, Axis tile) {
  for (int64_t j = 0; j < tile.extent; ++j) {
    for (int64_t i = 0; i < N; ++i) y[j * tile.to + i] = x[j + i * inner.from];
  }
}

template <class T>
void transpose(const void* from, void* to, const Axis& inner_axis, const Axis& tile_axis) {
  const Axis inner = inner_axis, tile = tile_axis;
  const T* x = static_cast<const T*>(from);
  T* y = static_cast<T*>(to);
  if (inner.to == 1 && tile.from == 1) {
    if (inner.extent == 2) return interleave<2>(x, y, inner, tile);
    if (inner.extent == 3) return interleave<3>(x, y, inner, tile);
    if (inner.extent == 4) return interleave<4>(x, y, inner, tile);
  }
  for (int64_t begin = 0; begin < inner.extent; begin += StridedRows::kTile) {
    const int64_t end = std::min(begin + StridedRows::kTile, inner.extent);
    for (int64_t j = 0; j < tile.extent; ++j) {
      const T* source = x + j * tile.from;
      T* target = y + j * tile.to;
      for (int64_t i = begin; i < end; ++i) target[i * inner.to] = scalar_read(source[i * inner.from]);
    }
  }
}

template <class T>
constexpr StridedRows kRows{sizeof(T), copy<T>, transpose<T>};

}  // namespace

const StridedRows& strided_rows(DType dtype) {
  const StridedRows* rows = nullptr;
  visit_storage(dtype, [&]<class T>() { rows = &kRows<T>; });
  return *rows;
}

}  // namespace mica
