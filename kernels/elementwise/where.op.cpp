// Where, ai.onnx 9: condition ? X : Y, broadcast among all three, for elements of every type.
#include <string>

#include "kernels/elementwise/binary_simd.h"
#include "kernels/elementwise/block_kernel.h"
#include "kernels/elementwise/broadcast.h"
#include "kernels/elementwise/contents.h"
#include "kernels/op.h"
#include "kernels/shape/elements.h"

namespace mica {
namespace {

/// y = c ? x : z, of operands that walk on or stay at one element.
template <class T>
void choose_each(const uint8_t* c, const T* const (&from)[2], T* y, int64_t n, const bool (&repeats)[2]) {
  if constexpr (std::is_same_v<T, uint32_t>) {
    const SelectLoops& loops = binary_kernels().select32;
    const SelectLoop both = repeats[1] ? loops.repeat_b : loops.both;
    return (repeats[0] ? repeats[1] ? loops.repeat_both : loops.repeat_a : both)(c, from[0], from[1], y, n);
  }
  const T *x = from[0], *z = from[1];
  const int64_t x_step = repeats[0] ? 0 : 1, z_step = repeats[1] ? 0 : 1;
  int64_t i = 0;
  if (n <= 0) return;
  do {
    y[i] = c[i] != 0 ? *x : *z;
    x += x_step;
    z += z_step;
  } while (++i < n);
}

void infer(const NoParams&, InferContext& ctx) {
  same_dtype(ctx, 1, 2);
  const DType dtype = ctx.dtype(1) == DType::Undefined ? ctx.dtype(2) : ctx.dtype(1);
  auto dims = broadcast_inputs(ctx);
  if (dims) {
    const auto truth = broadcast_contents(ctx, 0, *dims);
    const auto x = broadcast_contents(ctx, 1, *dims);
    const auto y = broadcast_contents(ctx, 2, *dims);
    if (auto known = truth && x && y ? chosen_contents(*truth, *x, *y) : std::nullopt) {
      ctx.set_contents(0, std::move(*known));
    }
  }
  ctx.set(0, dtype, std::move(dims));
}

/// The same; a condition that stays takes all from one of them.
template <class T>
void select_row(const uint8_t* c, const T* const (&from)[2], T* y, int64_t n, bool repeats_c,
                const bool (&repeats)[2]) {
  if (!repeats_c) return choose_each(c, from, y, n, repeats);
  const size_t taken = *c != 0 ? 0 : 1;
  if (repeats[taken]) {
    std::fill_n(y, n, *from[taken]);
  } else if (from[taken] != y) {
    std::copy_n(from[taken], n, y);
  }
}

template <class T>
void select(const Operands& io, const T* x, const T* z, T* y) {
  const BroadcastOperand operands[] = {
      BroadcastOperand(io.in(0)), {x, io.in(1).shape(), sizeof(T)}, {z, io.in(2).shape(), sizeof(T)}};
  const BroadcastWalk walk({y, io.out(0).shape(), sizeof(T)}, operands);
  const bool repeats[] = {walk.repeats(1), walk.repeats(2)};
  walk.run(io.threads(), kElementwiseGrain, [&](const BroadcastWalk::Row& row) {
    select_row<T>(reinterpret_cast<const uint8_t*>(row.in[0]),
                  {reinterpret_cast<const T*>(row.in[1]), reinterpret_cast<const T*>(row.in[2])},
                  reinterpret_cast<T*>(row.out), row.count, walk.repeats(0), repeats);
  });
}

std::string accepts_block(const void*, std::span<const ValueType> inputs) {
  const int width = bit_width(inputs[1].dtype);
  return inputs[1].dtype != DType::String && width >= 8 && width <= 64 ? ""
                                                                       : "chooses elements of 1 to 8 bytes in blocks";
}

void run_block(const NoParams&, const ElementBlock& block) {
  visit_storage(block.types[1], [&]<class T>() {
    if constexpr (sizeof(T) <= sizeof(uint64_t)) {
      select_row<T>(block.data<uint8_t>(0), {block.data<T>(1), block.data<T>(2)}, static_cast<T*>(block.y), block.n,
                    block.repeats(0), {block.repeats(1), block.repeats(2)});
    }
  });
}

void run_cpu(const NoParams&, const Operands& io) {
  visit_storage(io.out(0).dtype(), [&]<class T>() {
    const T* x = load<T>(io, io.in(1));
    const T* z = load<T>(io, io.in(2));
    T* y = stage<T>(io, io.out(0));
    select<T>(io, x, z, y);
    store(y, io.out(0));
  });
}

}  // namespace

MICA_OP(Where, 9) {
  OpDef* def = op().input("condition", types::boolean)
                   .input("X", types::any)
                   .input("Y", types::any)
                   .output("output")
                   .infer<infer>()
                   .may_overwrite(0, 1)
                   .may_overwrite(0, 2)
                   .elementwise()
                   .cpu<run_cpu>();
  return with_blocks<NoParams, run_block>(def, accepts_block);
}

}  // namespace mica
