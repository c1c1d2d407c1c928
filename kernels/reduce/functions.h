// What the Reduce* operators compute, as functions for `reduce`; kVectorLoop names the vector loop that does the same.
// Integers wrap around as in NumPy; narrow floats are summed in float.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/reduce/reduce_simd.h"
#include "runtime/base/half.h"

namespace mica::reduction {

/// What elements of type T are read as.
template <class T>
using Value = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;

/// What sums of them are kept in.
template <class T>
using Total = std::conditional_t<std::is_floating_point_v<Value<T>>, Value<T>, uint64_t>;

/// What functions that leave the integers are computed in.
template <class T>
using Real = std::conditional_t<std::is_floating_point_v<Value<T>>, Value<T>, double>;

/// A result as an element; a real one saturates where it becomes an integer, and NaN becomes 0.
template <class T, class V>
T element(V value) {
  if constexpr (std::is_floating_point_v<V> && std::is_integral_v<T>) {
    if (std::isnan(value)) return 0;
    if (value <= static_cast<V>(std::numeric_limits<T>::lowest())) return std::numeric_limits<T>::lowest();
    if (value >= static_cast<V>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return static_cast<T>(value);
  } else {
    return static_cast<T>(value);
  }
}

template <class T>
Total<T> square(T x) {
  return static_cast<Total<T>>(Value<T>(x)) * static_cast<Total<T>>(Value<T>(x));
}

template <class T>
Total<T> magnitude(T x) {
  const Value<T> value = x;
  return value < 0 ? Total<T>{0} - static_cast<Total<T>>(value) : static_cast<Total<T>>(value);
}

/// Base of the functions that sum something.
template <class T>
struct Summing {
  using State = Total<T>;
  static void merge(State& state, State other) { state += other; }
};

template <class T>
struct Sum : Summing<T> {
  template <class Bits>
  static constexpr auto kVectorLoop = &ReduceLoops<Bits>::sum;
  static void add(Total<T>& state, T x) { state += static_cast<Total<T>>(Value<T>(x)); }
  static T finish(Total<T> state, int64_t) { return element<T>(state); }
};

template <class T>
struct Mean : Sum<T> {
  static T finish(Total<T> state, int64_t count) {
    if constexpr (std::is_floating_point_v<Total<T>>) {
      return element<T>(state / static_cast<Total<T>>(count));
    } else {
      using Signed = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
      return count == 0 ? T{0} : static_cast<T>(static_cast<Signed>(state) / static_cast<Signed>(count));
    }
  }
};

template <class T>
struct SumSquare : Summing<T> {
  template <class Bits>
  static constexpr auto kVectorLoop = &ReduceLoops<Bits>::sum_square;
  static void add(Total<T>& state, T x) { state += square(x); }
  static T finish(Total<T> state, int64_t) { return element<T>(state); }
};

template <class T>
struct L1 : Summing<T> {
  template <class Bits>
  static constexpr auto kVectorLoop = &ReduceLoops<Bits>::sum_abs;
  static void add(Total<T>& state, T x) { state += magnitude(x); }
  static T finish(Total<T> state, int64_t) { return element<T>(state); }
};

template <class T>
struct L2 : SumSquare<T> {
  static T finish(Total<T> state, int64_t) { return element<T>(std::sqrt(static_cast<Real<T>>(state))); }
};

template <class T>
struct LogSum : Sum<T> {
  static T finish(Total<T> state, int64_t) {
    if constexpr (std::is_signed_v<T> && std::is_integral_v<T>) {
      return element<T>(std::log(static_cast<double>(static_cast<int64_t>(state))));
    } else {
      return element<T>(std::log(static_cast<Real<T>>(state)));
    }
  }
};

template <class T>
struct Prod {
  template <class Bits>
  static constexpr auto kVectorLoop = &ReduceLoops<Bits>::product;
  struct State {
    Total<T> product = 1;
  };
  static void add(State& state, T x) { state.product *= static_cast<Total<T>>(Value<T>(x)); }
  static void merge(State& state, const State& other) { state.product *= other.product; }
  static T finish(const State& state, int64_t) { return element<T>(state.product); }
};

/// log(sum(exp x)), as m + log(sum(exp(x - m))) with the largest x so far as m.
template <class T>
struct LogSumExp {
  struct State {
    Real<T> highest = -std::numeric_limits<Real<T>>::infinity();
    Real<T> sum = 0;
  };
  static void add(State& state, T x) { merge(state, {static_cast<Real<T>>(Value<T>(x)), 1}); }
  static void merge(State& state, State other) {
    if (other.highest > state.highest) std::swap(state, other);
    if (other.sum == 0) return;
    const bool same = other.highest == state.highest;  // also where both are infinite
    state.sum += same ? other.sum : other.sum * std::exp(other.highest - state.highest);
  }
  static T finish(const State& state, int64_t) { return element<T>(state.highest + std::log(state.sum)); }
};

/// The largest element, or with `sign` -1 the smallest; NaN when one is. Of nothing: the value beyond all others.
template <class T, int sign>
struct Extreme {
  template <class Bits>
  static constexpr auto kVectorLoop = sign > 0 ? &ReduceLoops<Bits>::maximum : &ReduceLoops<Bits>::minimum;
  static constexpr Value<T> worst() {
    using Limits = std::numeric_limits<Value<T>>;
    if constexpr (Limits::has_infinity) return sign > 0 ? -Limits::infinity() : Limits::infinity();
    return sign > 0 ? Limits::lowest() : Limits::max();
  }
  struct State {
    Value<T> best = worst();
  };
  static void add(State& state, T x) { take(state, Value<T>(x)); }
  static void merge(State& state, const State& other) { take(state, other.best); }
  static void take(State& state, Value<T> value) {
    const bool better = sign > 0 ? value > state.best : value < state.best;
    if (better || value != value) state.best = value;
  }
  static T finish(const State& state, int64_t) { return static_cast<T>(state.best); }
};

template <class T>
struct Max : Extreme<T, 1> {};
template <class T>
struct Min : Extreme<T, -1> {};

}  // namespace mica::reduction
