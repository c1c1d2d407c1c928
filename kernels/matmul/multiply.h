// Products of matrices that are described by strides: the plain loops behind MatMul, Gemm, Einsum and attention.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace mica {

/// A matrix whose element (i, j) is at data[i * row + j * column].
template <class T>
struct Matrix {
  T* data;
  int64_t row;
  int64_t column;

  T* address(int64_t i, int64_t j) const { return data + (i * row + j * column); }
  T& at(int64_t i, int64_t j) const { return *address(i, j); }
  Matrix from(int64_t i, int64_t j) const { return {address(i, j), row, column}; }
  Matrix transposed() const { return {data, column, row}; }
};

/// Sums of integers wrap around, as in NumPy; narrow ones are kept in 32 bits, whose low bits are right.
template <class T>
using Sum = std::conditional_t<std::is_floating_point_v<T>, T, std::conditional_t<sizeof(T) <= 4, uint32_t, uint64_t>>;

template <class T>
Sum<T> dot(const T* a, const T* b, int64_t count) {
  constexpr int64_t kLanes = 16;
  Sum<T> lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t l = 0; l < kLanes; ++l) {
      lanes[l] += static_cast<Sum<T>>(a[i + l]) * static_cast<Sum<T>>(b[i + l]);
    }
  }
  for (int64_t l = 0; i < count; ++i, ++l) lanes[l] += static_cast<Sum<T>>(a[i]) * static_cast<Sum<T>>(b[i]);
  Sum<T> sum = 0;
  for (const Sum<T> lane : lanes) sum += lane;
  return sum;
}
extern template double dot<double>(const double*, const double*, int64_t);

/// c = a * b, of m x k and k x n elements. c overlaps neither. For double and the integer types that MatMul and Einsum
/// compute in.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c);

}  // namespace mica
