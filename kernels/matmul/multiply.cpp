#include "kernels/matmul/multiply.h"

#include <algorithm>

namespace mica {

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

template <class T>
using Multiply = void(int64_t, int64_t, int64_t, Matrix<const T>, Matrix<const T>, Matrix<T>);
template Multiply<double> multiply<double>;
template Multiply<uint8_t> multiply<uint8_t>;
template Multiply<uint16_t> multiply<uint16_t>;
template Multiply<uint32_t> multiply<uint32_t>;
template Multiply<uint64_t> multiply<uint64_t>;
template Multiply<int32_t> multiply<int32_t>;
template Multiply<int64_t> multiply<int64_t>;

}  // namespace mica
