// The two matrix products of attention, on rows that are some stride apart.
#pragma once

#include "kernels/matmul/multiply.h"

namespace mica {

/// Rows of adjacent elements, `stride` elements apart.
template <class T>
struct Rows {
  T* data;
  int64_t stride;
};

/// scores[i][j] = sum over d < width of q[i][d] * k[j][d]
template <class T>
void score_product(int64_t rows, int64_t keys, int64_t width, Rows<const T> q, Rows<const T> k, Rows<T> scores) {
  multiply<T>(rows, keys, width, {q.data, q.stride, 1}, {k.data, 1, k.stride}, {scores.data, scores.stride, 1});
}

/// out[i][d] = sum over j < keys of p[i][j] * v[j][d]
template <class T>
void value_product(int64_t rows, int64_t keys, int64_t width, Rows<const T> p, Rows<const T> v, Rows<T> out) {
  multiply<T>(rows, width, keys, {p.data, p.stride, 1}, {v.data, v.stride, 1}, {out.data, out.stride, 1});
}

}  // namespace mica
