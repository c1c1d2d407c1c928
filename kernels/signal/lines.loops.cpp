#include "kernels/signal/lines.h"

#include <algorithm>

namespace mica {

template <class T>
void gather_line(const Line& line, const T* x, int64_t n, bool real, bool half, Complex<T>* room) {
  const int64_t given = std::min(line.count, half ? n / 2 + 1 : n);
  const int64_t stride = line.stride;
  if (real) {
    T* reals = reinterpret_cast<T*>(room);
    for (int64_t i = 0; i < given; ++i) reals[i] = x[i * stride];
    std::fill(reals + given, reals + n, T{0});
    return;
  }
  if (line.parts == 2) {
    for (int64_t i = 0; i < given; ++i) room[i] = {x[i * stride], x[i * stride + 1]};
  } else {
    for (int64_t i = 0; i < given; ++i) room[i] = {x[i * stride], T{0}};
  }
  const int64_t bins = half ? n / 2 + 1 : n;
  std::fill(room + given, room + bins, Complex<T>{0, 0});
  if (!half) return;
  for (int64_t i = bins; i < n; ++i) room[i] = room[n - i].conj();
  room[0].im = 0;
  if (n % 2 == 0) room[n / 2].im = 0;
}

template <class T>
void scatter_line(const Line& line, const Complex<T>* room, int64_t n, bool real, T factor, T* y) {
  const int64_t known = real ? std::min(line.count, n / 2 + 1) : line.count;
  const auto put = [&](int64_t i, Complex<T> bin) {
    y[i * line.stride] = bin.re * factor;
    if (line.parts == 2) y[i * line.stride + 1] = bin.im * factor;
  };
  for (int64_t i = 0; i < known; ++i) put(i, room[i]);
  for (int64_t i = known; i < line.count; ++i) put(i, room[n - i].conj());
}

template <class T>
void window_frame(const T* x, const T* window, int64_t open, int64_t n, int64_t parts, T* y) {
  if (window == nullptr) {
    std::copy_n(x, open * parts, y);
  } else if (parts == 1) {
    for (int64_t i = 0; i < open; ++i) y[i] = x[i] * window[i];
  } else {
    for (int64_t i = 0; i < open * parts; ++i) y[i] = x[i] * window[i / parts];
  }
  std::fill(y + open * parts, y + n * parts, T{0});
}

template void gather_line(const Line&, const float*, int64_t, bool, bool, Complex<float>*);
template void gather_line(const Line&, const double*, int64_t, bool, bool, Complex<double>*);
template void scatter_line(const Line&, const Complex<float>*, int64_t, bool, float, float*);
template void scatter_line(const Line&, const Complex<double>*, int64_t, bool, double, double*);
template void window_frame(const float*, const float*, int64_t, int64_t, int64_t, float*);
template void window_frame(const double*, const double*, int64_t, int64_t, int64_t, double*);

}  // namespace mica
