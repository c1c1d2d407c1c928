// Functions of two elements that broadcast, and the choice between two by a third.
#include "kernels/elementwise/element_functions.cuh"

namespace mica::cuda {
namespace {

template <class T>
__global__ void binary_kernel(BinaryCall call) {
  const T* a = static_cast<const T*>(call.a);
  const T* b = static_cast<const T*>(call.b);
  const bool tests = is_test(call.function);
  for (int64_t i = first_element(); i < call.walk.elements; i += element_stride()) {
    const auto at = call.walk.at(i);
    const auto x = widen(a[at.of[0]]);
    const auto z = widen(b[at.of[1]]);
    if (tests) {
      static_cast<bool*>(call.y)[i] = test(call.function, x, z);
    } else {
      static_cast<T*>(call.y)[i] = narrow<T>(apply(call.function, x, z));
    }
  }
}

// In the bits of int64, of which all but the lowest are dropped when the result is stored.
__device__ int64_t apply_integer(BinaryFunction function, int64_t a, int64_t b) {
  const uint64_t x = a, z = b;
  switch (function) {
    case BinaryFunction::Add:
      return x + z;
    case BinaryFunction::Sub:
      return x - z;
    case BinaryFunction::Mul:
      return x * z;
    case BinaryFunction::Div:
      return b == 0 ? 0 : b == -1 ? 0 - x : a / b;
    case BinaryFunction::Max:
      return a > b ? a : b;
    case BinaryFunction::Min:
      return a < b ? a : b;
    case BinaryFunction::FMod:
      return b == 0 || b == -1 ? 0 : a % b;
    case BinaryFunction::Mod: {
      const int64_t r = b == 0 || b == -1 ? 0 : a % b;
      return r != 0 && (r < 0) != (b < 0) ? r + b : r;
    }
    case BinaryFunction::BitwiseAnd:
      return x & z;
    case BinaryFunction::BitwiseOr:
      return x | z;
    case BinaryFunction::BitwiseXor:
      return x ^ z;
    case BinaryFunction::ShiftLeft:
      return z < 64 ? x << z : 0;
    case BinaryFunction::ShiftRight:
      return z < 64 ? x >> z : 0;
    default:
      return a < 0 ? x * z : a;  // PRelu
  }
}

__global__ void integer_binary_kernel(BinaryCall call) {
  const bool tests = is_test(call.function);
  for (int64_t i = first_element(); i < call.walk.elements; i += element_stride()) {
    const auto at = call.walk.at(i);
    const int64_t a = load_integer(call.a, call.number, at.of[0]);
    const int64_t b = load_integer(call.b, call.number, at.of[1]);
    if (tests) {
      static_cast<bool*>(call.y)[i] = test(call.function, a, b);
    } else {
      store_integer(call.y, call.number, i, apply_integer(call.function, a, b));
    }
  }
}

template <class T>
__global__ void where_kernel(WhereCall call) {
  for (int64_t i = first_element(); i < call.walk.elements; i += element_stride()) {
    const auto at = call.walk.at(i);
    const bool first = static_cast<const uint8_t*>(call.condition)[at.of[0]] != 0;
    static_cast<T*>(call.y)[i] =
        first ? static_cast<const T*>(call.a)[at.of[1]] : static_cast<const T*>(call.b)[at.of[2]];
  }
}

}  // namespace

void launch_binary(const BinaryCall& call, void* stream) {
  if (call.walk.elements == 0) return;
  visit_float(call.number,
              [&]<class T>() { launch(binary_kernel<T>, over_elements(call.walk.elements), stream, call); });
}

void launch_integer_binary(const BinaryCall& call, void* stream) {
  if (call.walk.elements == 0) return;
  launch(integer_binary_kernel, over_elements(call.walk.elements), stream, call);
}

void launch_where(const WhereCall& call, void* stream) {
  if (call.walk.elements == 0) return;
  visit_width(call.width, [&]<class T>() { launch(where_kernel<T>, over_elements(call.walk.elements), stream, call); });
}

}  // namespace mica::cuda
