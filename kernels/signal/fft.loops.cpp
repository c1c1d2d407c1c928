#include "kernels/signal/fft.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace mica {
namespace {

constexpr int64_t kRadices[] = {4, 2, 3, 5, 7, 11, 13};

bool has_small_factors(int64_t n) {
  for (const int64_t radix : kRadices) {
    while (n % radix == 0) n /= radix;
  }
  return n == 1;
}

/// The length of Bluestein's convolution: a power of two not below 2 n - 1.
int64_t convolution_length(int64_t n) {
  int64_t length = 1;
  while (length < 2 * n - 1) length *= 2;
  return length;
}

/// e^(sign 2 pi i k / n)
template <class T>
Complex<T> root(int64_t k, int64_t n, double sign) {
  const double angle = 2 * std::numbers::pi * (static_cast<double>(k) / static_cast<double>(n));
  return {static_cast<T>(std::cos(angle)), static_cast<T>(sign * std::sin(angle))};
}

/// Transforms of R numbers in place; `turns` are e^(-+2 pi i k / R).
template <int R, class T>
void butterfly(Complex<T> (&a)[R], const Complex<T> (&turns)[R]) {
  if constexpr (R == 2) {
    const Complex<T> d = a[0] - a[1];
    a[0] = a[0] + a[1];
    a[1] = d;
  } else if constexpr (R == 4) {
    const Complex<T> s = a[0] + a[2], d = a[0] - a[2], t = a[1] + a[3];
    const Complex<T> u = (a[1] - a[3]) * turns[1].im;  // times -+1; times i comes below
    a[0] = s + t;
    a[1] = {d.re - u.im, d.im + u.re};
    a[2] = s - t;
    a[3] = {d.re + u.im, d.im - u.re};
  } else {
    // Sums and differences of a[j] and a[R - j] meet the cosine and the sine of the same angle.
    constexpr int kPairs = R / 2;
    Complex<T> sums[kPairs], differences[kPairs], total = a[0];
    for (int j = 1; j <= kPairs; ++j) {
      sums[j - 1] = a[j] + a[R - j];
      differences[j - 1] = a[j] - a[R - j];
      total = total + sums[j - 1];
    }
    const Complex<T> first = a[0];
    a[0] = total;
    const auto meet = [&](int r) {
      Complex<T> c = first, s{0, 0};
      int at = 0;  // j * r modulo R
      for (int j = 1; j <= kPairs; ++j) {
        at += at + r < R ? r : r - R;
        const Complex<T> turn = turns[at];
        c = c + sums[j - 1] * turn.re;
        s = s + differences[j - 1] * turn.im;
      }
      a[r] = {c.re - s.im, c.im + s.re};
      a[R - r] = {c.re + s.im, c.im - s.re};
    };
    if constexpr (R <= 5) {
      for (int r = 1; r <= kPairs; ++r) meet(r);
    } else {
#pragma GCC unroll 1
      for (int r = 1; r <= kPairs; ++r) meet(r);
    }
  }
}

/// One step of a transform of length n = R * m * s: s interleaved transforms of length R m become R s of length m.
template <int R, class T>
void step(const Complex<T>* x, Complex<T>* y, const Complex<T>* roots, int64_t n, int64_t m, int64_t s) {
  Complex<T> turns[R];
  for (int r = 0; r < R; ++r) turns[r] = roots[r * (n / R)];
  for (int64_t k = 0; k < m; ++k) {
    Complex<T> twiddles[R];
    for (int r = 0; r < R; ++r) twiddles[r] = roots[k * r * s];
    const Complex<T>* from = x + s * k;
    Complex<T>* __restrict to = y + s * R * k;
    for (int64_t q = 0; q < s; ++q) {
      Complex<T> a[R];
      for (int j = 0; j < R; ++j) a[j] = from[q + s * m * j];
      butterfly<R>(a, turns);
      to[q] = a[0];
      for (int r = 1; r < R; ++r) to[q + s * r] = a[r] * twiddles[r];
    }
  }
}

template <class T>
using Step = void (*)(const Complex<T>*, Complex<T>*, const Complex<T>*, int64_t, int64_t, int64_t);

/// The transform of length n, whose prime factors are radices. `roots` are e^(-+2 pi i k / n).
template <class T>
void transform(Complex<T>* x, Complex<T>* work, const Complex<T>* roots, int64_t n) {
  constexpr Step<T> kSteps[] = {step<4, T>, step<2, T>, step<3, T>, step<5, T>, step<7, T>, step<11, T>, step<13, T>};
  Complex<T>* from = x;
  Complex<T>* to = work;
  int64_t m = n, s = 1;
  for (size_t i = 0; m > 1;) {
    const int64_t radix = kRadices[i];
    if (m % radix != 0) {
      ++i;
      continue;
    }
    m /= radix;
    kSteps[i](from, to, roots, n, m, s);
    s *= radix;
    std::swap(from, to);
  }
  if (from != x) std::copy_n(from, n, x);
}

}  // namespace

template <class T>
int64_t Fft<T>::table_elements(int64_t n) {
  return has_small_factors(n) ? n : 3 * convolution_length(n) + n;  // the last third to work in
}

template <class T>
int64_t Fft<T>::work_elements(int64_t n) {
  return has_small_factors(n) ? n : 2 * convolution_length(n);
}

template <class T>
Fft<T>::Fft(int64_t n, bool inverse, Complex<T>* tables) : n_(n), length_(n), roots_(tables) {
  const bool small = has_small_factors(n);
  if (!small) length_ = convolution_length(n);
  for (int64_t k = 0; k < length_; ++k) tables[k] = root<T>(k, length_, small && inverse ? 1 : -1);
  if (small) return;
  Complex<T>* filter = tables + length_;
  Complex<T>* chirp = filter + length_;
  std::fill_n(filter, length_, Complex<T>{0, 0});
  int64_t square = 0;  // k^2 modulo 2 n
  for (int64_t k = 0; k < n; ++k) {
    chirp[k] = root<T>(square, 2 * n, inverse ? 1 : -1);
    const Complex<T> value = chirp[k].conj() * (T{1} / static_cast<T>(length_));
    filter[k] = value;
    if (k > 0) filter[length_ - k] = value;
    square = (square + 2 * k + 1) % (2 * n);
  }
  transform(filter, chirp + n, roots_, length_);
  filter_ = filter;
  chirp_ = chirp;
}

template <class T>
void Fft<T>::run(Complex<T>* x, Complex<T>* work) const {
  if (chirp_ == nullptr) return transform(x, work, roots_, n_);
  Complex<T>* a = work;
  Complex<T>* room = work + length_;
  for (int64_t k = 0; k < n_; ++k) a[k] = x[k] * chirp_[k];
  std::fill(a + n_, a + length_, Complex<T>{0, 0});
  transform(a, room, roots_, length_);
  for (int64_t k = 0; k < length_; ++k) a[k] = (a[k] * filter_[k]).conj();  // conjugates make the next one inverse
  transform(a, room, roots_, length_);
  for (int64_t k = 0; k < n_; ++k) x[k] = a[k].conj() * chirp_[k];
}

template <class T>
Dft<T>::Dft(int64_t n, bool real, bool inverse, Complex<T>* tables)
    : n_(n), real_(real), fft_(halved(n, real) ? n / 2 : n, inverse, tables + (halved(n, real) ? n / 4 + 1 : 0)) {
  half_turn_ = tables;
  for (int64_t k = 0; halved(n, real) && k <= n / 4; ++k) tables[k] = root<T>(k, n, -1);
}

template <class T>
int64_t Dft<T>::table_elements(int64_t n, bool real) {
  return halved(n, real) ? n / 4 + 1 + Fft<T>::table_elements(n / 2) : Fft<T>::table_elements(n);
}

template <class T>
int64_t Dft<T>::room_elements(int64_t n, bool real) {
  return halved(n, real) ? n / 2 + 1 + Fft<T>::work_elements(n / 2) : n + Fft<T>::work_elements(n);
}

template <class T>
void Dft<T>::run(Complex<T>* room) const {
  if (!halved(n_, real_)) {
    const T* reals = reinterpret_cast<const T*>(room);
    for (int64_t i = n_; real_ && i-- > 0;) room[i] = {reals[i], 0};
    return fft_.run(room, room + n_);
  }
  // Of z[j] = x[2 j] + i x[2 j + 1], transformed to Z, with h = n / 2:  X[k] = E + e^(-2 pi i k / n) O  where
  // E = (Z[k] + conj Z[h - k]) / 2 and O = (Z[k] - conj Z[h - k]) / 2 i belong to the even and the odd elements; and
  // X[h - k] = conj(E - e^(-2 pi i k / n) O).
  const int64_t h = n_ / 2;
  fft_.run(room, room + h + 1);
  room[h] = room[0];
  for (int64_t k = 0; k <= h - k; ++k) {
    const Complex<T> a = room[k], b = room[h - k].conj();
    const Complex<T> even = (a + b) * T(0.5), d = (a - b) * T(0.5);
    const Complex<T> odd = half_turn_[k] * Complex<T>{d.im, -d.re};
    room[k] = even + odd;
    room[h - k] = (even - odd).conj();
  }
}

template class Fft<float>;
template class Fft<double>;
template class Dft<float>;
template class Dft<double>;

}  // namespace mica
