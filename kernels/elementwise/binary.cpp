#include "kernels/elementwise/binary.h"

#include "runtime/base/concat.h"

namespace mica {

void infer_binary(InferContext& ctx, DType result, DimFunction contents) {
  same_dtype(ctx, 0, 1);
  set_result(ctx, result, broadcast_inputs(ctx), contents);
}

void refuse_type(DType dtype, DTypeSet types) {
  throw_error(ErrorCode::InvalidArgument, {"element type ", name(dtype), " is none of ", types});
}

OpDef* define_binary(DTypeSet types, bool test, DimFunction contents, KernelFn run, const Kernel& in_blocks) {
  OpDef* def = binary_signature<NoParams>(types).elementwise();
  def->infer = [test, contents](const void*, InferContext& ctx) {
    infer_binary(ctx, test ? DType::Bool : ctx.dtype(0), contents);
  };
  add_kernel(def, run)->kernels.push_back(in_blocks);
  return def;
}

std::string refusal_of_pair(DTypeSet types, std::span<const ValueType> inputs) {
  return inputs.size() == 2 ? refusal_in_blocks(types, inputs) : "computes two inputs in blocks";
}

void run_block(const BinaryLoops& loops, const ElementBlock& block) {
  choose(loops, block.repeats(0), block.repeats(1))(block.in[0], block.in[1], block.y, block.n);
}

}  // namespace mica
