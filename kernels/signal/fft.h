// Discrete Fourier transforms of any length n in O(n log n).
//
// Lengths whose prime factors are at most 13 go by Stockham's autosorting form of Cooley and Tukey's algorithm (Van
// Loan, "Computational Frameworks for the Fast Fourier Transform", 1992, section 1.7), others by Bluestein's: a
// convolution of a length that is a power of two ("A linear filtering approach to the computation of discrete Fourier
// transform", 1970).
#pragma once

#include <cstdint>

namespace mica {

/// std::complex without its rules for infinities, which make products slow.
template <class T>
struct Complex {
  T re, im;

  Complex operator+(Complex o) const { return {re + o.re, im + o.im}; }
  Complex operator-(Complex o) const { return {re - o.re, im - o.im}; }
  Complex operator*(Complex o) const { return {re * o.re - im * o.im, re * o.im + im * o.re}; }
  Complex operator*(T o) const { return {re * o, im * o}; }
  Complex conj() const { return {re, -im}; }
};

/// X[k] = sum over j of x[j] e^(-2 pi i j k / n), or with `inverse` e^(+2 pi i j k / n), not divided by n.
template <class T>
class Fft {
 public:
  /// n >= 1. `tables` has room for table_elements(n) and outlives this.
  Fft(int64_t n, bool inverse, Complex<T>* tables);

  /// What the tables take, and what `run` needs to work in. Both are below 13 n + 1.
  static int64_t table_elements(int64_t n);
  static int64_t work_elements(int64_t n);

  void run(Complex<T>* x, Complex<T>* work) const;

 private:
  int64_t n_;
  int64_t length_;                      ///< of the transform with small factors: n_, or that of the convolution
  const Complex<T>* roots_;             ///< e^(-+2 pi i k / length_)
  const Complex<T>* chirp_ = nullptr;   ///< Bluestein: e^(-+pi i k^2 / n_)
  const Complex<T>* filter_ = nullptr;  ///< Bluestein: transform of the conjugate chirp, divided by length_
};

/// Transforms of n real or n complex numbers.
template <class T>
class Dft {
 public:
  /// `tables` has room for table_elements(n, real) and outlives this. `inverse` is for complex numbers only.
  Dft(int64_t n, bool real, bool inverse, Complex<T>* tables);

  static int64_t table_elements(int64_t n, bool real);
  /// Elements that `run` takes.
  static int64_t room_elements(int64_t n, bool real);

  /// `room` begins with n complex numbers, which their transform replaces; or with n real ones, which the first n / 2 +
  /// 1 elements of their transform replace.
  void run(Complex<T>* room) const;

 private:
  /// A real transform of even length is one of half the length, of pairs.
  static bool halved(int64_t n, bool real) { return real && n % 2 == 0; }

  int64_t n_;
  bool real_;
  Fft<T> fft_;
  const Complex<T>* half_turn_;  ///< e^(-2 pi i k / n_), k <= n_ / 4: half the way to n_ / 2
};

extern template class Fft<float>;
extern template class Fft<double>;
extern template class Dft<float>;
extern template class Dft<double>;

}  // namespace mica
