#include "kernels/attention/products.h"

#include <algorithm>

#include "kernels/matmul/gemm.h"
#include "kernels/matmul/tile_simd.h"

namespace mica {
namespace {

static_assert(kPackedKeys == kPanel);

Product product_of(const ScoreProduct<float>& p) {
  Product product{p.rows, p.keys, p.width, {p.q.data, p.q.stride, 1}, {p.k.data, 1, p.k.stride}, p.packed_k};
  product.c = p.scores.data;
  product.c_row = p.scores.stride;
  product.epilogue.alpha = p.scale;
  for (size_t i = 0; i < p.bias.size(); ++i)
    product.epilogue.addends[i] = {p.bias[i].data, p.bias[i].row, p.bias[i].key};
  if (p.triangle.is_set) product.triangle = Product::Triangle::Result;
  product.diagonal = p.triangle.diagonal;
  return product;
}

Product product_of(const ValueProduct<float>& p) {
  Product product{p.rows,     p.width,      p.keys, {p.p.data, p.p.stride, 1}, {p.v.data, p.v.stride, 1},
                  p.packed_v, p.packed_keys};
  product.c = p.out.data;
  product.c_row = p.out.stride;
  if (p.adds) product.epilogue.addends[0] = {p.out.data, p.out.stride, 1};
  if (p.triangle.is_set) product.triangle = Product::Triangle::Left;
  product.diagonal = p.triangle.diagonal;
  return product;
}

}  // namespace

template <>
int64_t ScoreProduct<float>::scratch() const {
  return scratch_elements(product_of(*this));
}

template <>
void ScoreProduct<float>::run(float* scratch) const {
  gemm(product_of(*this), scratch);
}

template <>
int64_t ValueProduct<float>::scratch() const {
  return scratch_elements(product_of(*this));
}

template <>
void ValueProduct<float>::run(float* scratch) const {
  gemm(product_of(*this), scratch);
}

template <>
int64_t packed_key_elements<float>(int64_t keys, int64_t width) {
  return packed_elements(width, keys);
}

template <>
void pack_keys(const Rows<const float>& k, int64_t keys, int64_t width, float* to) {
  pack({k.data, 1, k.stride}, width, keys, to);
}

template <>
int64_t packed_value_elements<float>(int64_t keys, int64_t width) {
  return packed_elements(keys, width);
}

template <>
void pack_values(const Rows<const float>& v, int64_t keys, int64_t width, float* to) {
  pack({v.data, v.stride, 1}, keys, width, to);
}

template <>
int64_t ScoreProduct<double>::scratch() const {
  return 0;
}

template <>
void ScoreProduct<double>::run(double*) const {
  multiply<double>(rows, keys, width, {q.data, q.stride, 1}, {k.data, 1, k.stride}, {scores.data, scores.stride, 1});
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < keys; ++j) {
      double& score = scores.data[i * scores.stride + j];
      score *= scale;
      for (const BiasRows<double>& b : bias) score += b.data != nullptr ? b.data[i * b.row + j * b.key] : 0;
    }
  }
}

template <>
int64_t ValueProduct<double>::scratch() const {
  return 0;
}

template <>
void ValueProduct<double>::run(double*) const {
  for (int64_t i = 0; i < rows; ++i) {
    if (!adds) std::fill_n(out.at(i), width, 0);
    for (int64_t j = 0; j < keys; ++j) {
      for (int64_t d = 0; d < width; ++d) out.at(i)[d] += p.at(i)[j] * v.at(j)[d];
    }
  }
}

template <>
int64_t packed_key_elements<double>(int64_t, int64_t) {
  return 0;
}
template <>
int64_t packed_value_elements<double>(int64_t, int64_t) {
  return 0;
}

template <>
void pack_keys(const Rows<const double>&, int64_t, int64_t, double*) {}
template <>
void pack_values(const Rows<const double>&, int64_t, int64_t, double*) {}

}  // namespace mica
