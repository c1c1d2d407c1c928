#include "kernels/gather/scatter.h"

#include <algorithm>
#include <complex>

#include "kernels/shape/copy.h"
#include "kernels/shape/elements.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

using enum ScatterReduction;

// Sums and products of integers wrap around; those of narrow floats are made in float.
template <class T>
T sum(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a || b;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  } else {
    return T(a + b);
  }
}

template <class T>
T times(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a && b;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  } else {
    return T(a * b);
  }
}

template <class T, class Combine>
void combine_blocks(const T* updates, T* data, const int64_t* offsets, int64_t blocks, int64_t width,
                    Combine&& combine) {
  for (int64_t block = 0; block < blocks; ++block) {
    T* to = data + offsets[block];
    for (int64_t i = 0; i < width; ++i) to[i] = combine(to[i], updates[block * width + i]);
  }
}

template <class T>
void reduce_blocks(ScatterReduction reduction, const T* updates, T* data, const int64_t* offsets, int64_t blocks,
                   int64_t width) {
  const auto run = [&](auto combine) { combine_blocks(updates, data, offsets, blocks, width, combine); };
  if (reduction == Add) return run(sum<T>);
  if (reduction == Mul) return run(times<T>);
  if constexpr (!std::is_same_v<T, std::complex<float>> && !std::is_same_v<T, std::complex<double>>) {
    if (reduction == Max) return run([](const T& a, const T& b) { return a < b ? b : a; });
    return run([](const T& a, const T& b) { return b < a ? b : a; });
  }
  bad_input("complex numbers have no order for max and min");
}

}  // namespace

void prepare_scatter(Scatter& op, const NodeFacts&) {
  const std::string_view names[] = {"none", "add", "mul", "max", "min"};
  const auto found = std::ranges::find(names, op.reduction_name);
  if (found == std::end(names)) {
    throw Error(ErrorCode::InvalidModel,
                "attribute \"reduction\" is \"" + op.reduction_name + "\"; ONNX knows none, add, mul, max and min");
  }
  op.reduction = static_cast<ScatterReduction>(found - names);
}

void scatter_blocks(const Operands& io, ScatterReduction reduction, const int64_t* offsets, int64_t blocks,
                    int64_t width) {
  const Tensor& data = io.in(0);
  const Tensor& updates = io.in(2);
  Tensor& y = io.out(0);
  if (updates.elements() != blocks * width || updates.dtype() != data.dtype()) {
    bad_input("updates " + updates.str() + " do not fit indices " + io.in(1).str() + " into " + data.str());
  }
  if (reduction == None) {
    visit_storage(y.dtype(), [&]<class T>() {
      const T* before = load<T>(io, data);
      const T* from = load<T>(io, updates);
      T* to = stage<T>(io, y);
      if (before != to) std::copy_n(before, y.elements(), to);
      for (int64_t i = 0; i < blocks; ++i) std::copy_n(from + i * width, width, to + offsets[i]);
      store(to, y);
    });
    return;
  }
  copy_elements(data, y);
  const bool known = visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t,
                                 uint32_t, uint64_t, bool, std::complex<float>, std::complex<double>>(
      y.dtype(),
      [&]<class T>() { reduce_blocks(reduction, updates.data<T>(), y.mutable_data<T>(), offsets, blocks, width); });
  if (!known) bad_input("cannot reduce elements of type " + std::string(name(y.dtype())));
}

}  // namespace mica
