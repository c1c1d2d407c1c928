#include "kernels/gather/scatter.h"

#include <algorithm>
#include <complex>

#include "kernels/shape/copy.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"
#include "kernels/shape/scalar_read.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

using enum ScatterReduction;

// How an update meets the element it lands on. `mask` is for Greater.
struct Sum {
  template <class T>
  static T combine(const T& a, const T& b, uint64_t) {
    return T(a + b);
  }
};
struct Product {
  template <class T>
  static T combine(const T& a, const T& b, uint64_t) {
    return T(a * b);
  }
};
/// NaN is neither greater nor less.
struct GreaterFloat {
  template <class T>
  static T combine(const T& a, const T& b, uint64_t) {
    return a < b ? b : a;
  }
};
struct LesserFloat {
  template <class T>
  static T combine(const T& a, const T& b, uint64_t) {
    return b < a ? b : a;
  }
};
/// Of integers the greater when their bits are flipped where the mask has some.
struct Greater {
  template <class T>
  static T combine(const T& a, const T& b, uint64_t mask) {
    const bool greater = static_cast<T>(a ^ static_cast<T>(mask)) < static_cast<T>(b ^ static_cast<T>(mask));
    return static_cast<T>(a ^ ((a ^ b) & static_cast<T>(-static_cast<T>(greater))));  // without a branch
  }
};

// Blocks of elements of one type.
struct Blocks {
  const void* updates;
  void* data;
  const int64_t* offsets;
  int64_t count, width;
  uint64_t mask = 0;
};

template <class F, class T>
void combine(const Blocks& blocks) {
  const T* from = static_cast<const T*>(blocks.updates);
  const int64_t width = blocks.width;
  const uint64_t mask = blocks.mask;
  for (int64_t block = 0; block < blocks.count; ++block, from += width) {
    T* __restrict to = static_cast<T*>(blocks.data) + blocks.offsets[block];
    for (int64_t i = 0; i < width; ++i) {
      // Vectors are for the types that are often met, and compare no 64 bits on most processors.
      constexpr bool kVectors = sizeof(T) == 4 || std::is_same_v<T, double>;
      const T update = kVectors ? from[i] : scalar_read(from[i]);
      to[i] = F::combine(to[i], update, mask);
    }
  }
}

// Integers wrap around, whether or not they have a sign; narrow floats are computed in float.
template <class F>
void combine_numbers(DType dtype, const Blocks& blocks) {
  if (is_int(dtype)) {
    switch (bit_width(dtype)) {
      case 8:
        return combine<F, uint8_t>(blocks);
      case 16:
        return combine<F, uint16_t>(blocks);
      case 32:
        return combine<F, uint32_t>(blocks);
      default:
        return combine<F, uint64_t>(blocks);
    }
  }
  visit_dtype<float, double, Half, BFloat16, std::complex<float>, std::complex<double>>(
      dtype, [&]<class T>() { combine<F, T>(blocks); });
}

// The loops compare bytes as unsigned numbers, which vectors do best, and others as signed ones.
void combine_ordered(DType dtype, bool greatest, Blocks blocks) {
  if (is_float(dtype)) {
    visit_dtype<float, double, Half, BFloat16>(
        dtype, [&]<class T>() { greatest ? combine<GreaterFloat, T>(blocks) : combine<LesserFloat, T>(blocks); });
    return;
  }
  if (!is_int(dtype) && dtype != DType::Bool) bad_input("complex numbers have no order for max and min");
  const int bits = bit_width(dtype);
  const bool other_sign = bits == 8 ? is_signed_int(dtype) : !is_signed_int(dtype);
  blocks.mask = (other_sign ? uint64_t{1} << (bits - 1) : 0) ^ (greatest ? 0 : ~uint64_t{0});
  switch (bits) {
    case 8:
      return combine<Greater, uint8_t>(blocks);
    case 16:
      return combine<Greater, int16_t>(blocks);
    case 32:
      return combine<Greater, int32_t>(blocks);
    default:
      return combine<Greater, int64_t>(blocks);
  }
}

void combine_blocks(ScatterReduction reduction, DType dtype, Blocks blocks) {
  // Of truths a sum is whether any is true, and a product whether all are.
  const bool truths = dtype == DType::Bool;
  if (reduction == Max || reduction == Min || truths) {
    return combine_ordered(dtype, reduction == Max || reduction == Add, blocks);
  }
  return reduction == Add ? combine_numbers<Sum>(dtype, blocks) : combine_numbers<Product>(dtype, blocks);
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
  const bool known =
      types::numeric.contains(y.dtype()) || types::complex.contains(y.dtype()) || y.dtype() == DType::Bool;
  if (reduction == None) {
    const ElementMoves& moves = moves_of(y.dtype());
    void* to = stage(io, y);
    moves.copy(load(io, data), y.elements(), to);
    moves.scatter(load(io, updates), offsets, blocks, width, to);
    store(to, y);
  } else if (known) {
    copy_elements(data, y);
    combine_blocks(reduction, y.dtype(), {updates.raw(), y.mutable_raw(), offsets, blocks, width});
  } else {
    bad_input("cannot reduce elements of type " + std::string(name(y.dtype())));
  }
}

}  // namespace mica
