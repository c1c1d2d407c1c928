// The two matrix products of attention, on rows of adjacent elements that are some stride apart: for float through the
// fast products, for double by plain loops.
#pragma once

#include <array>
#include <cstdint>

namespace mica {

template <class T>
struct Rows {
  T* data = nullptr;
  int64_t stride = 0;

  T* at(int64_t row) const { return data + row * stride; }
};

/// Added to the scores: element (i, j) is at data[i * row + j * key]; `key` is 0 or 1. Null: nothing.
template <class T>
struct BiasRows {
  const T* data = nullptr;
  int64_t row = 0, key = 0;
};

/// With `is_set`, scores and weights (i, j) for which j > i + diagonal are not needed: scores may then be of any value,
/// and weights are 0.
struct Triangle {
  bool is_set = false;
  int64_t diagonal = 0;
};

/// scores[i][j] = scale * sum over d < width of q[i][d] * k[j][d], plus biases.
template <class T>
struct ScoreProduct {
  int64_t rows = 0, keys = 0, width = 0;
  Rows<const T> q = {}, k = {};
  const T* packed_k = nullptr;  ///< these keys, as `pack_keys` wrote them; null: k
  T scale = 1;
  std::array<BiasRows<T>, 2> bias = {};
  Rows<T> scores = {};
  Triangle triangle = {};

  int64_t scratch() const;              ///< elements that `run` needs
  void run(T* scratch_elements) const;  ///< on this thread alone
};

/// out[i][d] = sum over j < keys of p[i][j] * v[j][d], d < width; with `adds`, that is added to out.
template <class T>
struct ValueProduct {
  int64_t rows = 0, keys = 0, width = 0;
  Rows<const T> p = {}, v = {};
  const T* packed_v = nullptr;  ///< these values, as `pack_values` wrote them; null: v
  int64_t packed_keys = 0;      ///< that were packed with them
  bool adds = false;
  Rows<T> out = {};
  Triangle triangle = {};

  int64_t scratch() const;
  void run(T* scratch_elements) const;
};

/// Keys in the form that many products with them are fastest on. From key j on, a multiple of kPackedKeys, they begin
/// at element j * width.
inline constexpr int64_t kPackedKeys = 16;
/// Elements of packed keys; 0 where packing does not help.
template <class T>
int64_t packed_key_elements(int64_t keys, int64_t width);
template <class T>
void pack_keys(const Rows<const T>& k, int64_t keys, int64_t width, T* to);

/// The same for values. Those from key j on begin at element j * kPackedKeys.
template <class T>
int64_t packed_value_elements(int64_t keys, int64_t width);
template <class T>
void pack_values(const Rows<const T>& v, int64_t keys, int64_t width, T* to);

}  // namespace mica
