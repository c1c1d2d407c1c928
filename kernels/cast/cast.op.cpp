// Cast, ai.onnx 1: the elements as another type, `to` (in version 1 its name). CastLike, ai.onnx 15: as the type of
// input 1. `saturate`, since 19, and `round_mode`, since 24, say how numbers become floats of 8 bits.
#include "kernels/cast/cast.h"

#include "kernels/cast/convert.h"
#include "kernels/elementwise/block_kernel.h"
#include "kernels/op.h"
#include "runtime/base/concat.h"
#include "runtime/base/text.h"

namespace mica {
namespace {

void prepare(Cast& op, const NodeFacts&) {
  if (!op.to_name.empty()) {
    const auto dtype = dtype_from_name(lower_case(op.to_name));
    if (!dtype) throw_error(ErrorCode::InvalidModel, {"attribute \"to\" names no element type: \"", op.to_name, "\""});
    op.to = *dtype;
  }
  if (op.to != DType::Undefined && !kConvertible.contains(op.to)) {
    throw_error(ErrorCode::InvalidModel, {"cannot cast to ", name(op.to)});
  }
  op.options.saturate = op.saturate;
  if (op.round_mode == "up") {
    op.options.rounding = PowerRounding::Up;
  } else if (op.round_mode == "down") {
    op.options.rounding = PowerRounding::Down;
  } else if (op.round_mode == "nearest") {
    op.options.rounding = PowerRounding::Nearest;
  } else {
    throw_error(ErrorCode::InvalidModel, {"round_mode \"", op.round_mode, "\" is not up, down or nearest"});
  }
}

// A known element as the type `to`; nullopt when it cannot be told. An expression stands for a dim or a difference of
// such, which int32 holds.
std::optional<Dim> cast_element(const Dim& element, DType to) {
  if (!element.is_constant()) {
    if (to == DType::I64 || to == DType::I32) return element;
    const bool positive = element.lower_bound().value_or(0) > 0;
    return to == DType::Bool && positive ? std::optional<Dim>(1) : std::nullopt;
  }
  std::optional<Dim> result;
  visit_dtype<int64_t, int32_t, int16_t, int8_t, uint32_t, uint16_t, uint8_t, bool>(
      to, [&]<class T>() { result = static_cast<int64_t>(static_cast<T>(element.value())); });
  return result;
}

void infer(const Cast& op, InferContext& ctx) {
  const DType to = op.to != DType::Undefined ? op.to : ctx.dtype(1);
  ctx.set(0, to, ctx.type(0).dims);
  const auto contents = ctx.contents(0);
  if (!contents) return;
  Dims cast;
  for (const Dim& element : *contents) {
    const auto result = cast_element(element, to);
    if (!result) return;
    cast.push_back(*result);
  }
  ctx.set_contents(0, std::move(cast));
}

void run_cpu(const Cast& op, const Operands& io) {
  convert_elements(io.threads(), io.in(0), io.out(0), op.options);
}

OpBuilder<Cast> conversion() {
  return op<Cast>()
      .input("input", kConvertible)
      .output("output")
      .prepare<prepare>()
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

OpBuilder<Cast> cast() {
  return conversion().required("to", &Cast::to).elementwise();
}

OpBuilder<Cast> cast_like() {
  return conversion().input("target_type", kConvertible);
}

OpBuilder<Cast> saturating(OpBuilder<Cast> def) {
  return def.attribute("saturate", &Cast::saturate);
}

OpBuilder<Cast> rounding(OpBuilder<Cast> def) {
  return saturating(def).attribute("round_mode", &Cast::round_mode);
}

std::string accepts_block(const void* params, std::span<const ValueType> inputs) {
  const DType to = static_cast<const Cast*>(params)->to;
  return element_conversion(inputs[0].dtype, to) != nullptr ? "" : "does not convert these types in blocks";
}

void run_block(const Cast& op, const ElementBlock& block) {
  element_conversion(block.types[0], op.to)(block.in[0], block.y, block.n);
}

OpDef* in_blocks(OpDef* def) {
  return with_blocks<Cast, run_block>(def, accepts_block);
}

}  // namespace

MICA_OP(Cast, 24) {
  return in_blocks(rounding(cast()));
}
MICA_OP(Cast, 19) {
  return in_blocks(saturating(cast()));
}
MICA_OP(Cast, 6) {
  return in_blocks(cast());
}
MICA_OP(Cast, 1) {
  return conversion().required("to", &Cast::to_name);
}

MICA_OP(CastLike, 24) {
  return rounding(cast_like());
}
MICA_OP(CastLike, 19) {
  return saturating(cast_like());
}
MICA_OP(CastLike, 15) {
  return cast_like();
}

}  // namespace mica
