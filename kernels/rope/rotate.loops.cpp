#include "kernels/rope/rotate.h"

#include <algorithm>

#include "runtime/base/concat.h"

namespace mica {
namespace {

template <class T>
void rotate_row(const T* x, T* y, int64_t pairs, const T* cos, const T* sin, bool interleaved) {
  if (interleaved) {
    for (int64_t i = 0; i < pairs; ++i) {
      const T a = x[2 * i], b = x[2 * i + 1];
      y[2 * i] = a * cos[i] - b * sin[i];
      y[2 * i + 1] = a * sin[i] + b * cos[i];
    }
    return;
  }
  for (int64_t i = 0; i < pairs; ++i) {
    const T a = x[i], b = x[i + pairs];
    y[i] = a * cos[i] - b * sin[i];
    y[i + pairs] = a * sin[i] + b * cos[i];
  }
}

}  // namespace

template <class T>
void rotate_heads(ThreadPool& threads, const Rotation<T>& rotation, const Heads<const T>& from, const Heads<T>& to,
                  const HeadDims& dims) {
  const int64_t pairs = rotation.width / 2;
  for_each_row(threads, dims, [&](int64_t b, int64_t h, int64_t i) {
    const int64_t at = rotation.positions[b * dims.rows + i] * pairs;
    const T* x = from.at(b, h, i);
    T* y = to.at(b, h, i);
    rotate_row(x, y, pairs, rotation.cos + at, rotation.sin + at, rotation.interleaved);
    if (x != y) std::copy(x + rotation.width, x + dims.width, y + rotation.width);
  });
}

template <class T>
Heads<const T> rotated_heads(const Operands& io, const Rotation<T>& rotation, const Heads<const T>& from,
                             const HeadDims& dims) {
  const Heads<T> rotated{io.scratch<T>(dims.elements()), dims.bnsh()};
  rotate_heads(io.threads(), rotation, from, rotated, dims);
  return {rotated.data, rotated.layout};
}

int64_t checked_position(int64_t position, int64_t rows) {
  if (position >= 0 && position < rows) return position;
  throw_error(ErrorCode::InvalidArgument,
              {"position ", position, " is beyond the ", rows, " rows of the cosines and sines"});
}

template void rotate_heads(ThreadPool&, const Rotation<float>&, const Heads<const float>&, const Heads<float>&,
                           const HeadDims&);
template void rotate_heads(ThreadPool&, const Rotation<double>&, const Heads<const double>&, const Heads<double>&,
                           const HeadDims&);
template Heads<const float> rotated_heads(const Operands&, const Rotation<float>&, const Heads<const float>&,
                                          const HeadDims&);
template Heads<const double> rotated_heads(const Operands&, const Rotation<double>&, const Heads<const double>&,
                                           const HeadDims&);

}  // namespace mica
