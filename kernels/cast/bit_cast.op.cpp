// BitCast, ai.onnx 26: the bits of the elements, seen as elements of another type that is as wide.
#include <cstring>

#include "kernels/op.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct BitCast {
  DType to = DType::Undefined;
};

constexpr DTypeSet kTypes = types::any - types::string;

void prepare(BitCast& op, const NodeFacts&) {
  if (!kTypes.contains(op.to)) throw_error(ErrorCode::InvalidModel, {"cannot cast to ", name(op.to)});
}

void infer(const BitCast& op, InferContext& ctx) {
  const DType from = ctx.dtype(0);
  if (from != DType::Undefined && bit_width(from) != bit_width(op.to)) {
    throw_error(ErrorCode::InvalidModel, {"elements of ", name(from), " and ", name(op.to), " are not equally wide"});
  }
  ctx.set(0, op.to, ctx.type(0).dims);
}

void run_cpu(const BitCast&, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  if (x.bytes() != y.bytes()) throw_error(ErrorCode::InvalidArgument, {"cannot see the bits of ", x, " as ", y});
  if (x.raw() != y.raw() && x.bytes() > 0) std::memcpy(y.mutable_raw(), x.raw(), x.bytes());
}

}  // namespace

MICA_OP(BitCast, 26) {
  return op<BitCast>()
      .input("input", kTypes)
      .output("output")
      .required("to", &BitCast::to)
      .prepare<prepare>()
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace mica
