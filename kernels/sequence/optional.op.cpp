// Optional, OptionalHasElement and OptionalGetElement, ai.onnx 15. At run time an optional is what it holds, or
// nothing; from version 18 on a plain tensor or sequence serves as one that holds it.
#include "kernels/op.h"
#include "kernels/sequence/values.h"

namespace mica {
namespace {

struct MakeOptional {
  std::optional<ValueType> type;
};

void infer_optional(const MakeOptional& op, InferContext& ctx) {
  ctx.set(0, ValueType::optional(ctx.has(0) ? ctx.type(0) : op.type.value_or(ValueType{})));
}

void run_optional(const MakeOptional&, const Operands& io) {
  io.set(0, io.has(0) ? owned(io.datum(0)) : Datum::absent());
}

void infer_has(const NoParams&, InferContext& ctx) {
  ctx.set(0, DType::Bool, Dims{});
  if (!ctx.has(0)) ctx.set_contents(0, {0});
}

void run_has(const NoParams&, const Operands& io) {
  *io.out(0).mutable_data<bool>() = io.has(0) && io.datum(0).kind != Datum::Kind::Absent;
}

void infer_get(const NoParams&, InferContext& ctx) {
  const bool optional = ctx.type(0).kind == ValueType::Kind::Optional;
  ctx.set(0, optional ? element_type(ctx, 0) : ctx.type(0));
}

void run_get(const NoParams&, const Operands& io) {
  if (io.datum(0).kind == Datum::Kind::Absent) bad_input("the optional holds nothing");
  io.set(0, owned(io.datum(0)));
}

}  // namespace

MICA_OP(Optional, 15) {
  return op<MakeOptional>()
      .optional_input("input")
      .output("output")
      .attribute("type", &MakeOptional::type)
      .infer<infer_optional>()
      .data_dependent()
      .cpu<run_optional>();
}

MICA_OP(OptionalHasElement, 15) {
  return op().optional_input("input").output("output").infer<infer_has>().cpu<run_has>();
}

MICA_OP(OptionalGetElement, 15) {
  return op().input("input").output("output").infer<infer_get>().data_dependent().cpu<run_get>();
}

}  // namespace mica
