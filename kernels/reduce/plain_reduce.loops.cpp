#include "kernels/reduce/plain_reduce.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/float_conversion.h"

namespace mica {
namespace {

// Functions of elements and states of type V: uint64_t for all integers, or double.
template <class V>
struct Sum {
  using State = V;
  static constexpr V kStart = 0;
  static void add(V& state, V x, uint64_t) { state += x; }
};
template <class V>
struct SumSquare : Sum<V> {
  static void add(V& state, V x, uint64_t) { state += x * x; }
};
template <class V>
struct SumAbs : Sum<V> {
  static void add(V& state, V x, uint64_t) {
    if constexpr (std::is_same_v<V, double>) {
      state += std::fabs(x);
    } else {
      state += static_cast<int64_t>(x) < 0 ? 0 - x : x;
    }
  }
};
template <class V>
struct Product {
  using State = V;
  static constexpr V kStart = 1;
  static void add(V& state, V x, uint64_t) { state *= x; }
};

// The largest of elements whose bits are flipped; NaN when one is.
template <class V>
struct Largest {
  using State = V;
  static constexpr V kStart =
      std::is_same_v<V, double> ? -std::numeric_limits<double>::infinity() : std::numeric_limits<V>::lowest();
  static void add(V& state, V x, uint64_t mask) {
    V value;
    if constexpr (std::is_same_v<V, double>) {
      value = std::bit_cast<double>(std::bit_cast<uint64_t>(x) ^ mask);
    } else {
      value = static_cast<V>(x ^ static_cast<V>(mask));
    }
    state = (value > state) | (value != value) ? value : state;
  }
};

// log(sum(exp x)), as m + log(sum(exp(x - m))) with the largest x so far as m.
template <class Real>
struct Exponentials {
  struct State {
    Real highest = -std::numeric_limits<Real>::infinity();
    Real sum = 0;
  };
  static constexpr State kStart{};
  static void add(State& state, Real x, uint64_t mask) { add(state, State{x, 1}, mask); }
  static void add(State& state, State other, uint64_t) {
    if (other.highest > state.highest) std::swap(state, other);
    if (other.sum == 0) return;
    const bool same = other.highest == state.highest;  // also where both are infinite
    state.sum += same ? other.sum : other.sum * std::exp(other.highest - state.highest);
  }
};

template <class F>
void start(void* states, int64_t n) {
  std::fill_n(static_cast<typename F::State*>(states), n, F::kStart);
}

// The first columns, kWidth at a time in registers, as long as there are so many.
template <int64_t kWidth, class F, class Element>
void add_columns(const Element*& x, int64_t n, int64_t stride, typename F::State*& states, int64_t& columns,
                 uint64_t mask) {
  for (; columns >= kWidth; columns -= kWidth, x += kWidth, states += kWidth) {
    typename F::State kept[kWidth];
    std::copy_n(states, kWidth, kept);
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < kWidth; ++j) F::add(kept[j], static_cast<typename F::State>(x[i * stride + j]), mask);
    }
    std::copy_n(kept, kWidth, states);
  }
}

template <class F, class Element>
void add(const void* x, int64_t n, int64_t stride, void* states, int64_t columns, uint64_t mask) {
  const auto* from = static_cast<const Element*>(x);
  auto* to = static_cast<typename F::State*>(states);
  add_columns<16, F>(from, n, stride, to, columns, mask);
  add_columns<4, F>(from, n, stride, to, columns, mask);
  add_columns<1, F>(from, n, stride, to, columns, mask);
}

// The same where an addition is a call.
template <class F, class Element>
void add_slowly(const void* x, int64_t n, int64_t stride, void* states, int64_t columns, uint64_t mask) {
  const auto* from = static_cast<const Element*>(x);
  auto* to = static_cast<typename F::State*>(states);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < columns; ++j) F::add(to[j], from[i * stride + j], mask);
  }
}

template <class From, class To>
void convert(const void* x, void* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) static_cast<To*>(y)[i] = static_cast<To>(static_cast<const From*>(x)[i]);
}

[[gnu::noinline]] void read_integers(DType dtype, const void* x, void* block, int64_t n) {
  visit_dtype<int32_t, uint32_t, int8_t, uint8_t, int16_t, uint16_t, uint64_t>(
      dtype, [&]<class T>() { convert<T, int64_t>(x, block, n); });
}

void read_doubles(DType dtype, const void* x, void* block, int64_t n) {
  if (dtype == DType::U64) return convert<uint64_t, double>(x, block, n);
  if (dtype == DType::I64) return convert<int64_t, double>(x, block, n);
  int64_t integers[PlainReduce::kBlock];
  read_integers(dtype, x, integers, n);
  convert<int64_t, double>(integers, block, n);
}

void read_floats(DType dtype, const void* x, void* block, int64_t n) {
  widening(dtype)(x, block, n);
}

template <class F, class Element, class Joined = F>
PlainReduce loops() {
  return {.element_size = sizeof(Element),
          .state_size = sizeof(typename F::State),
          .start = start<F>,
          .add = add<F, Element>,
          .join = add<Joined, typename F::State>};
}

template <class V, class Element>
PlainReduce sums(ReduceFunction function) {
  switch (function) {
    case ReduceFunction::L1:
      return loops<SumAbs<V>, Element, Sum<V>>();
    case ReduceFunction::L2:
    case ReduceFunction::SumSquare:
      return loops<SumSquare<V>, Element, Sum<V>>();
    case ReduceFunction::Prod:
      return loops<Product<V>, Element>();
    default:
      return loops<Sum<V>, Element>();
  }
}

// The types that are often summed are read as they are.
PlainReduce integer_sums(ReduceFunction function, DType dtype) {
  if (function == ReduceFunction::L1 && !is_signed_int(dtype)) function = ReduceFunction::Sum;
  if (dtype == DType::I32) return sums<uint64_t, int32_t>(function);
  PlainReduce f = sums<uint64_t, uint64_t>(function);
  if (dtype == DType::U32 && f.add == add<Sum<uint64_t>, uint64_t>) return loops<Sum<uint64_t>, uint32_t>();
  if (bit_width(dtype) < 64) f.read = read_integers;
  return f;
}

template <class Real>
PlainReduce exponentials() {
  using F = Exponentials<Real>;
  return {.element_size = sizeof(Real),
          .state_size = sizeof(typename F::State),
          .start = start<F>,
          .add = add_slowly<F, Real>,
          .join = add_slowly<F, typename F::State>};
}

// The loops compare bytes as unsigned numbers, which vectors do best, and others as signed ones.
PlainReduce extremes(bool largest, DType dtype) {
  PlainReduce f;
  uint64_t other_sign = 0;
  const auto compare_as = [&]<class V>(DType same_sign) {
    f = loops<Largest<V>, V>();
    if (dtype != same_sign) other_sign = uint64_t{1} << (8 * sizeof(V) - 1);
  };
  switch (bit_width(dtype)) {
    case 8:
      compare_as.operator()<uint8_t>(dtype == DType::Bool ? DType::Bool : DType::U8);
      break;
    case 16:
      compare_as.operator()<int16_t>(DType::I16);
      break;
    case 32:
      compare_as.operator()<int32_t>(DType::I32);
      break;
    default:
      compare_as.operator()<int64_t>(DType::I64);
  }
  const uint64_t all = dtype == DType::Bool ? 1 : ~uint64_t{0};
  f.mask = other_sign ^ (largest ? 0 : all);
  return f;
}

PlainReduce real_extremes(bool largest) {
  PlainReduce f = loops<Largest<double>, double>();
  f.mask = largest ? 0 : uint64_t{1} << 63;
  return f;
}

template <class T>
void flip(const void* x, int64_t n, uint64_t mask, void* y) {
  for (int64_t i = 0; i < n; ++i) static_cast<T*>(y)[i] = static_cast<T>(static_cast<const T*>(x)[i] ^ mask);
}

}  // namespace

PlainReduce plain_reduce(ReduceFunction function, DType dtype) {
  const bool integers = is_int(dtype);
  const bool extreme = is_extreme(function);
  const bool largest = function == ReduceFunction::Max;
  if (function == ReduceFunction::LogSumExp && types::numeric.contains(dtype)) {
    PlainReduce f = integers || dtype == DType::F64 ? exponentials<double>() : exponentials<float>();
    if (integers) f.read = read_doubles;
    if (widening(dtype) != nullptr) f.read = read_floats;
    return f;
  }
  if (extreme && (integers || dtype == DType::Bool)) return extremes(largest, dtype);
  if (dtype == DType::F64) return extreme ? real_extremes(largest) : sums<double, double>(function);
  return integers ? integer_sums(function, dtype) : PlainReduce{};
}

void take_low_bytes(const uint64_t* x, int64_t n, int bits, void* y) {
  if (bits == 8) return convert<uint64_t, uint8_t>(x, y, n);
  if (bits == 16) return convert<uint64_t, uint16_t>(x, y, n);
  if (bits == 32) return convert<uint64_t, uint32_t>(x, y, n);
  std::copy_n(x, n, static_cast<uint64_t*>(y));
}

void flip_bits(const void* x, int64_t n, int bits, uint64_t mask, void* y) {
  if (bits == 8) return flip<uint8_t>(x, n, mask, y);
  if (bits == 16) return flip<uint16_t>(x, n, mask, y);
  if (bits == 32) return flip<uint32_t>(x, n, mask, y);
  flip<uint64_t>(x, n, mask, y);
}

}  // namespace mica
