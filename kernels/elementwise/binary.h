// Operators of two broadcasting operands. Narrow floats are computed in float. Each is described by a struct F:
//   using Types = ElementTypes<...>      the element types that `apply` computes with
//   static Y apply(T a, T b)             for each of them
//   static constexpr BinaryLoops BinaryKernels::*vector   loops for float, where there are better ones than of `apply`
//   static constexpr bool commutes       whether apply(a, b) is apply(b, a), to the bit
//   static constexpr bool modular        true when signed and unsigned integers give the same bits
//   static constexpr DimFunction contents            what inference knows of the result; null for nothing
#pragma once

#include <array>
#include <type_traits>

#include "kernels/elementwise/binary_simd.h"
#include "kernels/elementwise/block_kernel.h"
#include "kernels/elementwise/broadcast.h"
#include "kernels/elementwise/contents.h"
#include "kernels/float_conversion.h"
#include "kernels/op.h"

namespace mica {

template <class T, class... Ts>
struct ElementTypes {
  using First = T;
  static constexpr DTypeSet set{dtype_of<T>, dtype_of<Ts>...};
  template <class Visitor>
  static bool visit(DType dtype, Visitor&& visitor) {
    return visit_dtype<T, Ts...>(dtype, std::forward<Visitor>(visitor));
  }
};
using Integers = ElementTypes<int64_t, int32_t, uint8_t, int8_t, uint16_t, int16_t, uint32_t, uint64_t>;
/// What arithmetic computes with besides float.
using Numbers = ElementTypes<double, int64_t, int32_t, uint8_t, int8_t, uint16_t, int16_t, uint32_t, uint64_t>;

/// The type in which integers wrap around as T does when multiplied, without overflow; a float itself.
template <class T>
using Wrapping = std::conditional_t<std::is_integral_v<T> && (sizeof(T) < sizeof(uint32_t)), uint32_t, T>;

/// Loops, and how to get at operands that they do not take as they are.
struct BinaryKernel {
  BinaryLoops loops{};
  /// From an operand's type, and to the output's, where the loops compute in another; null where not.
  ConvertLoop widen_a = nullptr, widen_b = nullptr, narrow = nullptr;
  /// Time per element, relative to an addition.
  int64_t cost = 1;
};

/// y = f(a, b).
void run_binary(ThreadPool& threads, const BinaryKernel& kernel, const BroadcastOperand& a, const BroadcastOperand& b,
                const BroadcastOperand& y);
/// For input 0 and input 1, where `b_shape` is the latter's shape as it is to be aligned with the former's.
void run_binary(const Operands& io, const BinaryKernel& kernel, const Shape& b_shape);
inline void run_binary(const Operands& io, const BinaryKernel& kernel) {
  run_binary(io, kernel, io.in(1).shape());
}

/// The output has this type and the dims that A and B broadcast to.
void infer_binary(InferContext& ctx, DType result, DimFunction contents);

/// Inner loops of F::apply on elements of type T. They end with their condition: one jump an element, however they are
/// compiled.
template <class F, class T>
struct TypedLoops {
  using Y = decltype(F::apply(std::declval<const T&>(), std::declval<const T&>()));
  using Single = std::conditional_t<std::is_trivially_copyable_v<T>, const T, const T&>;

  static void both(const void* a, const void* b, void* y, int64_t n) {
    const T* x = static_cast<const T*>(a);
    const T* z = static_cast<const T*>(b);
    Y* to = static_cast<Y*>(y);
    int64_t i = 0;
    if (n <= 0) return;
    do {
      to[i] = F::apply(x[i], z[i]);
    } while (++i < n);
  }
  static void repeat_a(const void* a, const void* b, void* y, int64_t n) {
    Single x = *static_cast<const T*>(a);
    const T* z = static_cast<const T*>(b);
    Y* to = static_cast<Y*>(y);
    int64_t i = 0;
    if (n <= 0) return;
    do {
      to[i] = F::apply(x, z[i]);
    } while (++i < n);
  }
  static void repeat_b(const void* a, const void* b, void* y, int64_t n) {
    const T* x = static_cast<const T*>(a);
    Single z = *static_cast<const T*>(b);
    Y* to = static_cast<Y*>(y);
    int64_t i = 0;
    if (n <= 0) return;
    do {
      to[i] = F::apply(x[i], z);
    } while (++i < n);
  }
  static void swapped_repeat_a(const void* a, const void* b, void* y, int64_t n) { repeat_b(b, a, y, n); }
  static constexpr BinaryLoops all{both, F::commutes ? swapped_repeat_a : repeat_a, repeat_b};
};

template <class F>
concept HasVectorLoops = requires {
  F::vector;
};

template <class F, class T>
constexpr auto loop_element() {
  if constexpr (std::is_same_v<T, bool>) {
    return std::type_identity<uint8_t>{};
  } else if constexpr (std::is_integral_v<T> && F::modular) {
    return std::type_identity<std::make_unsigned_t<T>>{};
  } else {
    return std::type_identity<T>{};
  }
}
/// The C++ type to compute with on T's bits: one for signed and unsigned where they are treated alike.
template <class F, class T>
using LoopElement = typename decltype(loop_element<F, T>())::type;

/// Whether F's results are bools; else they are of the operands' type.
template <class F>
inline constexpr bool kIsTest = std::is_same_v<typename TypedLoops<F, typename F::Types::First>::Y, bool>;

/// The dtypes of F's operands.
template <class F>
constexpr DTypeSet operand_types() {
  const bool floats = HasVectorLoops<F> || F::Types::set.contains(DType::F32);
  return floats ? F::Types::set | types::floats : F::Types::set;
}

[[noreturn]] void refuse_type(DType dtype, DTypeSet types);

template <class F>
const BinaryLoops& binary_loops(DType dtype) {
  if constexpr (HasVectorLoops<F>) {
    if (dtype == DType::F32) return binary_kernels().*F::vector;
  }
  const BinaryLoops* loops = nullptr;
  F::Types::visit(dtype, [&]<class T>() { loops = &TypedLoops<F, LoopElement<F, T>>::all; });
  if (loops == nullptr) refuse_type(dtype, operand_types<F>());
  return *loops;
}

/// F for operands of this type.
template <class F>
BinaryKernel binary_kernel(DType dtype) {
  BinaryKernel kernel;
  kernel.widen_a = kernel.widen_b = widening(dtype);
  if constexpr (!kIsTest<F>) kernel.narrow = narrowing(dtype);
  kernel.loops = binary_loops<F>(kernel.widen_a != nullptr ? DType::F32 : dtype);
  return kernel;
}

/// The signature that they share.
template <class P>
OpBuilder<P> binary_signature(DTypeSet types) {
  return op<P>().input("A", types).input("B", types).output("C").may_overwrite(0, 0).may_overwrite(0, 1);
}

/// The loop for operands of which an element is repeated, not of both.
inline BinaryLoop choose(const BinaryLoops& loops, bool repeats_a, bool repeats_b) {
  return repeats_a ? loops.repeat_a : repeats_b ? loops.repeat_b : loops.both;
}

void run_block(const BinaryLoops& loops, const ElementBlock& block);

/// Why two inputs of these types are not computed in blocks.
std::string refusal_of_pair(DTypeSet types, std::span<const ValueType> inputs);

/// F as a kernel for blocks.
template <class F>
Kernel block_kernel() {
  return {.device = ElementProgram::kDevice,
          .name = "loop",
          .run =
              [](const void*, const Operands& io) {
                const ElementBlock& block = *io.packed<ElementBlock>();
                run_block(binary_loops<F>(block.types[0]), block);
              },
          .accepts =
              [](const void*, std::span<const ValueType> inputs) {
                return refusal_of_pair(operand_types<F>() - types::string, inputs);
              }};
}

/// The definition of F with a kernel for blocks.
template <class F>
OpDef* in_blocks(OpDef* def) {
  def->kernels.push_back(block_kernel<F>());
  return def;
}

/// Defines an operator that has no attributes; `test` when it gives bools.
OpDef* define_binary(DTypeSet types, bool test, DimFunction contents, KernelFn run, const Kernel& in_blocks);

template <class F>
OpDef* binary() {
  return define_binary(
      operand_types<F>(), kIsTest<F>, F::contents,
      [](const void*, const Operands& io) { run_binary(io, binary_kernel<F>(io.in(0).dtype())); }, block_kernel<F>());
}

}  // namespace mica
