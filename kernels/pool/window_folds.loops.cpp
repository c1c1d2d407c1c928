#include "kernels/pool/window_folds.h"

#include <cmath>
#include <limits>

#include "kernels/shape/scalar_read.h"

namespace mica {
namespace {

struct Sum {
  template <class T>
  static T fold(T total, T x, T) {
    return total + x;
  }
};
struct Squares {
  template <class T>
  static T fold(T total, T x, T) {
    return total + x * x;
  }
};
struct Powers {
  template <class T>
  static T fold(T total, T x, T p) {
    return total + std::pow(std::abs(x), p);
  }
};
struct Max {
  template <class T>
  static T fold(T best, T x, T) {
    return x > best ? x : best;
  }
};

// y[i] = fold(y[i], x[i * stride])
using RunFold = void (*)(const void* x, int64_t stride, int64_t n, double p, void* y);

template <class F, class T>
void fold_run(const void* x, int64_t stride, int64_t n, double p, void* y) {
  const T* from = static_cast<const T*>(x);
  T* __restrict to = static_cast<T*>(y);
  const T power = static_cast<T>(p);
  if (stride == 1) {
    for (int64_t i = 0; i < n; ++i) to[i] = F::fold(to[i], from[i], power);
  } else if (stride == 2 && std::is_floating_point_v<T>) {
    for (int64_t i = 0; i < n; ++i) to[i] = F::fold(to[i], from[i * 2], power);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] = F::fold(to[i], scalar_read(from[i * stride]), power);
  }
}

template <class T>
void fold_powers(const void* x, int64_t stride, int64_t n, double p, void* y) {
  for (int64_t i = 0; i < n; ++i) {
    T& to = static_cast<T*>(y)[i];
    to = Powers::fold(to, static_cast<const T*>(x)[i * stride], static_cast<T>(p));
  }
}

template <class T>
T least() {
  return std::is_integral_v<T> ? std::numeric_limits<T>::lowest() : -std::numeric_limits<T>::infinity();
}

// What a fold is made of: the loop, bytes of an element, and what it begins with.
struct Fold {
  RunFold run;
  int64_t size;
  void (*start)(void* y, int64_t n);
};

template <class F, class T>
Fold fold_of() {
  return {fold_run<F, T>, sizeof(T),
          [](void* y, int64_t n) { std::fill_n(static_cast<T*>(y), n, std::is_same_v<F, Max> ? least<T>() : T(0)); }};
}

template <class T>
Fold real_fold(WindowFold fold, double p) {
  if (fold == WindowFold::Max) return fold_of<Max, T>();
  if (fold == WindowFold::Sum) return fold_of<Sum, T>();
  Fold squares = fold_of<Squares, T>();
  if (p != 2) squares.run = fold_powers<T>;
  return squares;
}

Fold fold_for(WindowFold fold, DType dtype, double p) {
  if (dtype == DType::I8) return fold_of<Max, int8_t>();
  if (dtype == DType::U8) return fold_of<Max, uint8_t>();
  return dtype == DType::F64 ? real_fold<double>(fold, p) : real_fold<float>(fold, p);
}

// Tap by tap, so that the inner loop runs along the outputs.
void fold_plane(const WindowGeometry& g, const Fold& fold, double p, const std::byte* x, std::byte* y) {
  const int64_t stride = g.axes[g.rank - 1].stride;
  SpatialIndex tap{};
  do {
    for_each_output_run(g, tap, [&](int64_t position, int64_t offset, int64_t count) {
      fold.run(x + offset * fold.size, stride, count, p, y + position * fold.size);
    });
  } while (next_position(tap, g, g.rank, &WindowAxis::kernel));
}

// Whether an element of n, `step` apart, is greater than *best, or the first: its number, or -1.
using GreatestRun = int64_t (*)(const void* x, int64_t step, int64_t n, bool first, void* best);

template <class T>
int64_t greatest_run(const void* x, int64_t step, int64_t n, bool first, void* best) {
  T greatest = *static_cast<T*>(best);
  int64_t place = -1;
  for (int64_t i = 0; i < n; ++i) {
    const T value = static_cast<const T*>(x)[i * step];
    if (value <= greatest && (place >= 0 || !first)) continue;
    greatest = value;
    place = i;
  }
  *static_cast<T*>(best) = greatest;
  return place;
}

template <class T>
void divide(T* y, const T* by, int64_t planes, int64_t outputs) {
  for (int64_t plane = 0; plane < planes; ++plane, y += outputs) {
    for (int64_t i = 0; i < outputs; ++i) y[i] /= by[i];
  }
}

template <class T>
void roots(T* y, int64_t n, T p) {
  for (int64_t i = 0; i < n; ++i) y[i] = p == 2 ? std::sqrt(y[i]) : std::pow(y[i], 1 / p);
}

}  // namespace

void fold_planes(const Operands& io, const WindowGeometry& g, int64_t planes, WindowFold fold, DType dtype,
                 const void* x, void* y, double p) {
  const int64_t inputs = g.inputs(), outputs = g.outputs();
  if (outputs == 0) return;
  const Fold by = fold_for(fold, dtype, p);
  for_planes(io, g, planes, [&](int64_t begin, int64_t end) {
    std::byte* to = static_cast<std::byte*>(y);
    by.start(to + begin * outputs * by.size, (end - begin) * outputs);
    for (int64_t plane = begin; plane < end; ++plane) {
      fold_plane(g, by, p, static_cast<const std::byte*>(x) + plane * inputs * by.size, to + plane * outputs * by.size);
    }
  });
}

void take_roots(DType dtype, void* y, int64_t n, double p) {
  if (dtype == DType::F64) return roots(static_cast<double*>(y), n, p);
  roots(static_cast<float*>(y), n, static_cast<float>(p));
}

void divide_planes(DType dtype, void* y, const void* by, int64_t planes, int64_t outputs) {
  if (dtype == DType::F64) return divide(static_cast<double*>(y), static_cast<const double*>(by), planes, outputs);
  divide(static_cast<float*>(y), static_cast<const float*>(by), planes, outputs);
}

void find_greatest(const WindowGeometry& g, DType dtype, const void* x, void* y, int64_t* places) {
  const Fold fold = fold_for(WindowFold::Max, dtype, 0);
  GreatestRun greatest = nullptr;
  visit_dtype<float, double, int8_t, uint8_t>(dtype, [&]<class T>() { greatest = greatest_run<T>; });
  const int64_t step = g.axes[g.rank - 1].dilation;
  std::byte* best = static_cast<std::byte*>(y);
  fold.start(y, g.outputs());
  SpatialIndex at{};
  do {
    int64_t place = -1;
    for_each_tap_run(g, at, [&](int64_t, int64_t offset, int64_t count) {
      const auto* run = static_cast<const std::byte*>(x) + offset * fold.size;
      if (const int64_t i = greatest(run, step, count, place < 0, best); i >= 0) place = offset + i * step;
    });
    *places++ = place;
    best += fold.size;
  } while (next_position(at, g, g.rank, &WindowAxis::output));
}

}  // namespace mica
