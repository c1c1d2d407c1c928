#include "kernels/matmul/gemm_node.h"

#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {

Product gemm_product(const Gemm& op, const Epilogue& epilogue, const Operands& io, const GemmSides& sides, float* y) {
  Product product{sides.m, sides.n, sides.k};
  product.c = y;
  product.c_row = sides.n;
  product.epilogue = epilogue;
  product.epilogue.alpha = op.alpha;
  if (io.has(2)) {
    const auto c = gemm_addend(io.in(2).shape(), widen<float>(io, io.in(2)), sides.m, sides.n);
    product.epilogue.addends[0] = {c.data, c.row, c.column, op.beta};
  }
  if (io.has(kResidual)) product.epilogue.addends[1] = {widen<float>(io, io.in(kResidual)), sides.n, 1};
  return product;
}

void check_residual(const Operands& io) {
  if (io.has(kResidual) && io.in(kResidual).shape() != io.out(0).shape()) {
    throw_error(ErrorCode::InvalidArgument, {"the residual ", io.in(kResidual), " has not the dims of ", io.out(0)});
  }
}

}  // namespace mica
