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

/// c = a * b, of m x k and k x n elements. c overlaps neither.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c) {
  if (b.row == 1 && a.column == 1) {  // both run along k
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) c.at(i, j) = static_cast<T>(dot(a.address(i, 0), b.address(0, j), k));
    }
    return;
  }
  constexpr int64_t kBlock = 64;
  for (int64_t j0 = 0; j0 < n; j0 += kBlock) {
    const int64_t width = std::min(kBlock, n - j0);
    for (int64_t i = 0; i < m; ++i) {
      Sum<T> sums[kBlock] = {};
      for (int64_t p = 0; p < k; ++p) {
        const Sum<T> x = static_cast<Sum<T>>(a.at(i, p));
        const T* row = b.address(p, j0);
        if (b.column == 1) {
          for (int64_t j = 0; j < width; ++j) sums[j] += x * static_cast<Sum<T>>(row[j]);
        } else {
          for (int64_t j = 0; j < width; ++j) sums[j] += x * static_cast<Sum<T>>(row[j * b.column]);
        }
      }
      for (int64_t j = 0; j < width; ++j) c.at(i, j0 + j) = static_cast<T>(sums[j]);
    }
  }
}

}  // namespace mica
