// QLinearConcat, com.microsoft 1:  joins tensors along one axis, each with its own scale and zero point, and quantises
// them by those of Y. Inputs are Y_scale, Y_zero_point, and for each tensor itself, its scale, its zero point.
#include "kernels/quant/qlinear_concat.h"

#include <cstring>

#include "kernels/quant/byte_map.h"
#include "kernels/shape/concat.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

constexpr size_t kFirst = QLinearConcat::kFirst, kStep = QLinearConcat::kStep;

void prepare(QLinearConcat&, const NodeFacts& facts) {
  if (facts.inputs < kFirst + kStep || (facts.inputs - kFirst) % kStep != 0) {
    throw_error(ErrorCode::InvalidModel, {facts.inputs, " inputs are not two, and three for each of some tensors"});
  }
}

void infer(const QLinearConcat& op, InferContext& ctx) {
  for (size_t i = kFirst; i < ctx.inputs(); i += kStep) {
    same_dtype(ctx, 1, i);
    same_dtype(ctx, 1, i + 2);
    if (ctx.dtype(i + 1) != DType::F32 && ctx.dtype(i + 1) != DType::Undefined) {
      throw_error(ErrorCode::InvalidModel, {"a scale is ", name(ctx.dtype(i + 1)), ", not float"});
    }
  }
  ctx.set(0, ctx.dtype(1), concat_dims(ctx, op.axis, kFirst, kStep));
}

void run_cpu(const QLinearConcat& op, const Operands& io) {
  const ByteQuantization to = byte_quantization(io, 0, 1);
  visit_dtype<uint8_t, int8_t>(io.out(0).dtype(), [&]<class T>() {
    T* y = io.out(0).mutable_data<T>();
    std::optional<ByteMap<T>> map;  // of the last input
    size_t mapped = 0;
    join(io, op.axis, kFirst, kStep, [&](size_t i, int64_t begin, int64_t at, int64_t count) {
      if (i != mapped) {
        mapped = i;
        map.emplace(byte_quantization(io, i + 1, i + 2), to, [](float x) { return x; });
      }
      map->run(io.in(i).data<T>() + begin, y + at, count);
    });
  });
}

}  // namespace

MICA_OP(QLinearConcat, 1, com_microsoft) {
  return op<QLinearConcat>()
      .input("Y_scale", types::f32)
      .input("Y_zero_point", kByteTypes)
      .variadic_input("inputs", kByteTypes | types::f32, kStep)
      .output("Y")
      .required("axis", &QLinearConcat::axis)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
