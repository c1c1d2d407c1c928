#include "kernels/reduce/reduce_function.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "kernels/float_conversion.h"
#include "kernels/operands.h"
#include "kernels/reduce/functions.h"
#include "kernels/reduce/plain_reduce.h"
#include "kernels/reduce/reduce.h"
#include "kernels/reduce/reduce_simd.h"

namespace mica {
namespace {

// One reduction: of which elements, and what becomes of states.
struct Call {
  ThreadPool& threads;
  const ReductionAxes& axes;
  ReduceFunction function;
  DType dtype;
  const std::byte* x;
  std::byte* y;
  int64_t count;         // elements that make one output
  int64_t element_size;  // bytes
};

// The member of a table {f32, f16, bf16} of vector loops that a function is computed with; null where there is none.
template <class Bits>
ReduceLoop<Bits> ReduceLoops<Bits>::*vector_loop(ReduceFunction function) {
  switch (function) {
    case ReduceFunction::Sum:
    case ReduceFunction::Mean:
    case ReduceFunction::LogSum:
      return &ReduceLoops<Bits>::sum;
    case ReduceFunction::SumSquare:
    case ReduceFunction::L2:
      return &ReduceLoops<Bits>::sum_square;
    case ReduceFunction::L1:
      return &ReduceLoops<Bits>::sum_abs;
    case ReduceFunction::Prod:
      return &ReduceLoops<Bits>::product;
    case ReduceFunction::Max:
      return &ReduceLoops<Bits>::maximum;
    case ReduceFunction::Min:
      return &ReduceLoops<Bits>::minimum;
    default:
      return nullptr;
  }
}

// Results in place of the states.
template <class Real>
void finish_reals(const Call& call, Real* states, int64_t n) {
  if (call.function == ReduceFunction::Mean) {
    for (int64_t i = 0; i < n; ++i) states[i] /= static_cast<Real>(call.count);
  } else if (call.function == ReduceFunction::L2) {
    for (int64_t i = 0; i < n; ++i) states[i] = std::sqrt(states[i]);
  } else if (call.function == ReduceFunction::LogSum) {
    for (int64_t i = 0; i < n; ++i) states[i] = std::log(states[i]);
  }
}

void store_floats(const Call& call, const float* results, int64_t o, int64_t n) {
  if (call.dtype == DType::F32) {
    std::copy_n(results, n, reinterpret_cast<float*>(call.y) + o);
    return;
  }
  convert_floats(DType::F32, results, call.dtype, call.y + o * call.element_size, n);
}

template <class Bits>
void reduce_by_vectors(const Call& call, const ReduceLoop<Bits>& loop) {
  const ReductionAxes& axes = call.axes;
  const auto* x = reinterpret_cast<const Bits*>(call.x);
  const auto [size, stride] = axes.run();
  const auto rows = [&, size = size](int64_t o, int64_t n) {
    float states[kReducedOutputs];
    for (int64_t j = 0; j < n; ++j) {
      const Bits* from = x + ReductionAxes::offset(axes.kept, axes.kept_count, o + j);
      double state = loop.start;
      axes.for_each_run([&](int64_t offset) { state = loop.row(from + offset, size, state); });
      states[j] = static_cast<float>(state);
    }
    finish_reals(call, states, n);
    store_floats(call, states, o, n);
  };
  const auto columns = [&, size = size, stride = stride](int64_t o, int64_t n, int64_t first) {
    float states[kReducedOutputs];
    std::fill_n(states, n, static_cast<float>(loop.start));
    axes.for_each_run([&](int64_t offset) { loop.columns(x + first + offset, size, stride, states, n); });
    finish_reals(call, states, n);
    store_floats(call, states, o, n);
  };
  for_each_reduction(call.threads, axes, rows, columns);
}

// A real result as an integer, given by its lowest bits.
template <class T>
uint64_t saturated(double value) {
  return static_cast<uint64_t>(reduction::element<T>(value));
}

uint64_t saturated(double value, DType dtype) {
  uint64_t bits = 0;
  visit_dtype<int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t>(
      dtype, [&]<class T>() { bits = saturated<T>(value); });
  return bits;
}

uint64_t finish_integer(const Call& call, uint64_t state) {
  const bool has_sign = is_signed_int(call.dtype);
  const auto signed_state = static_cast<int64_t>(state);
  switch (call.function) {
    case ReduceFunction::Mean:
      if (call.count == 0) return 0;
      return has_sign ? static_cast<uint64_t>(signed_state / call.count) : state / static_cast<uint64_t>(call.count);
    case ReduceFunction::L2:
      return saturated(std::sqrt(static_cast<double>(state)), call.dtype);
    case ReduceFunction::LogSum:
      return saturated(std::log(has_sign ? static_cast<double>(signed_state) : static_cast<double>(state)), call.dtype);
    default:
      return state;
  }
}

void finish_integers(const Call& call, uint64_t* states, int64_t o, int64_t n) {
  if (call.function == ReduceFunction::Mean || call.function == ReduceFunction::L2 ||
      call.function == ReduceFunction::LogSum) {
    for (int64_t i = 0; i < n; ++i) states[i] = finish_integer(call, states[i]);
  }
  take_low_bytes(states, n, static_cast<int>(8 * call.element_size), call.y + o * call.element_size);
}

// States of LogSumExp.
template <class Real>
void finish_exponentials(const Call& call, const Real* states, int64_t o, int64_t n) {
  Real results[kReducedOutputs];
  for (int64_t i = 0; i < n; ++i) results[i] = states[2 * i] + std::log(states[2 * i + 1]);
  if constexpr (std::is_same_v<Real, float>) {
    store_floats(call, results, o, n);
  } else if (call.dtype == DType::F64) {
    std::memcpy(call.y + o * call.element_size, results, static_cast<size_t>(n) * sizeof(Real));
  } else {
    uint64_t bits[kReducedOutputs];
    for (int64_t i = 0; i < n; ++i) bits[i] = saturated(results[i], call.dtype);
    take_low_bytes(bits, n, static_cast<int>(8 * call.element_size), call.y + o * call.element_size);
  }
}

void finish(const Call& call, const PlainReduce& f, std::byte* states, int64_t o, int64_t n) {
  std::byte* y = call.y + o * call.element_size;
  if (call.function == ReduceFunction::LogSumExp) {
    if (f.element_size == sizeof(float)) return finish_exponentials(call, reinterpret_cast<float*>(states), o, n);
    return finish_exponentials(call, reinterpret_cast<double*>(states), o, n);
  }
  if (is_extreme(call.function)) return flip_bits(states, n, static_cast<int>(8 * call.element_size), f.mask, y);
  if (call.dtype != DType::F64) return finish_integers(call, reinterpret_cast<uint64_t*>(states), o, n);
  finish_reals(call, reinterpret_cast<double*>(states), n);
  std::memcpy(y, states, static_cast<size_t>(n) * sizeof(double));
}

// n elements side by side into the states of `lanes` parts of the set.
void add_run(const PlainReduce& f, const void* x, int64_t n, std::byte* states, int64_t lanes) {
  const int64_t whole = n / lanes * lanes;
  f.add(x, n / lanes, lanes, states, lanes, f.mask);
  if (whole == n) return;
  f.add(static_cast<const std::byte*>(x) + whole * static_cast<int64_t>(f.element_size), 1, lanes, states, n - whole,
        f.mask);
}

void reduce_plainly(const Call& call, const PlainReduce& f) {
  constexpr int64_t kLanes = 16;
  const ReductionAxes& axes = call.axes;
  const auto [size, stride] = axes.run();
  const auto state_size = static_cast<int64_t>(f.state_size);
  const auto rows = [&, size = size](int64_t o, int64_t n) {
    alignas(64) std::byte states[(kReducedOutputs + kLanes) * PlainReduce::kMostStateBytes];
    alignas(64) std::byte block[PlainReduce::kBlock * sizeof(uint64_t)];
    const int64_t lanes = size < 2 * kLanes ? 1 : kLanes;
    for (int64_t j = 0; j < n; ++j) {
      const int64_t first = ReductionAxes::offset(axes.kept, axes.kept_count, o + j);
      std::byte* state = states + j * state_size;  // and those of the other lanes behind it
      f.start(state, lanes);
      axes.for_each_run([&](int64_t offset) {
        const std::byte* from = call.x + (first + offset) * call.element_size;
        if (f.read == nullptr) return add_run(f, from, size, state, lanes);
        for (int64_t i = 0; i < size; i += PlainReduce::kBlock) {
          const int64_t part = std::min(PlainReduce::kBlock, size - i);
          f.read(call.dtype, from + i * call.element_size, block, part);
          add_run(f, block, part, state, lanes);
        }
      });
      if (lanes > 1) f.join(state + state_size, lanes - 1, 1, state, 1, 0);
    }
    finish(call, f, states, o, n);
  };
  const auto columns = [&, size = size, stride = stride](int64_t o, int64_t n, int64_t first) {
    alignas(64) std::byte states[kReducedOutputs * PlainReduce::kMostStateBytes];
    alignas(64) std::byte block[PlainReduce::kBlock * sizeof(uint64_t)];
    f.start(states, n);
    axes.for_each_run([&](int64_t offset) {
      const std::byte* from = call.x + (first + offset) * call.element_size;
      if (f.read == nullptr) return f.add(from, size, stride, states, n, f.mask);
      const int64_t together = stride + n > PlainReduce::kBlock ? 1 : (PlainReduce::kBlock - n) / stride + 1;
      for (int64_t i = 0; i < size; i += together) {
        const int64_t part = std::min(together, size - i);
        f.read(call.dtype, from + i * stride * call.element_size, block, (part - 1) * stride + n);
        f.add(block, part, stride, states, n, f.mask);
      }
    });
    finish(call, f, states, o, n);
  };
  for_each_reduction(call.threads, axes, rows, columns);
}

}  // namespace

void reduce(ThreadPool& threads, const ReductionAxes& axes, ReduceFunction function, const Tensor& x, Tensor& y) {
  const Call call{threads,
                  axes,
                  function,
                  x.dtype(),
                  static_cast<const std::byte*>(x.raw()),
                  static_cast<std::byte*>(y.mutable_raw()),
                  axes.reduced_elements(),
                  bit_width(x.dtype()) / 8};
  const ReduceKernels& kernels = reduce_kernels();
  const bool exponentials = function == ReduceFunction::LogSumExp;
  if (x.dtype() == DType::F32 && !exponentials)
    return reduce_by_vectors(call, kernels.f32.*vector_loop<float>(function));
  if ((x.dtype() == DType::F16 || x.dtype() == DType::BF16) && !exponentials) {
    const ReduceLoops<uint16_t>& loops = x.dtype() == DType::F16 ? kernels.f16 : kernels.bf16;
    return reduce_by_vectors(call, loops.*vector_loop<uint16_t>(function));
  }
  const PlainReduce f = plain_reduce(function, x.dtype());
  if (f.add == nullptr) bad_input("cannot reduce " + x.str());
  reduce_plainly(call, f);
}

}  // namespace mica
