// GlobalAveragePool (ai.onnx 1, 22), GlobalMaxPool (1, 22), GlobalLpPool (1, 2, 22): one value per channel plane, the
// mean, the maximum, or (sum of |x|^p)^(1/p). p is a float in version 1.
#include <cmath>

#include "kernels/op.h"
#include "kernels/reduce/reduce.h"
#include "kernels/wide_numbers.h"

namespace mica {
namespace {

constexpr DTypeSet kOldFloats{DType::F16, DType::F32, DType::F64};

void infer(InferContext& ctx) {
  const Dims* x = ctx.dims(0);
  if (x == nullptr) return ctx.set(0, ctx.dtype(0));
  if (x->size() < 2) ctx.fail("the input " + str(*x) + " has no axis of channels");
  Dims dims(x->size(), Dim(1));
  dims[0] = (*x)[0];
  dims[1] = (*x)[1];
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

struct GlobalPool {
  int64_t p = 2;
  std::optional<float> fractional_p = {};
  ReduceFunction function = ReduceFunction::L2;
};

void run_cpu(const GlobalPool& op, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  const auto [planes, width] = x.shape().split_at(2);
  if (y.elements() != planes) bad_input("output " + y.str() + " does not fit input " + x.str());
  const double p = op.fractional_p ? static_cast<double>(*op.fractional_p) : static_cast<double>(op.p);
  if (op.function != ReduceFunction::L2 || p == 2) {
    return reduce(io.threads(), reduction_axes({planes, width}, 0b10), op.function, x, y);
  }
  double* powers = io.scratch<double>(x.elements());
  double* sums = io.scratch<double>(planes);
  widen_numbers(x.dtype(), x.raw(), DType::F64, powers, x.elements());
  for (int64_t plane = 0; plane < planes; ++plane) {
    double sum = 0;
    for (int64_t i = 0; i < width; ++i) sum += std::pow(std::abs(powers[plane * width + i]), p);
    sums[plane] = std::pow(sum, 1 / p);
  }
  narrow_numbers(DType::F64, sums, WideRounding::Nearest, y.dtype(), y.mutable_raw(), planes);
}

OpBuilder<GlobalPool> global_pool(ReduceFunction function, DTypeSet types) {
  return op(GlobalPool{.function = function}).input("X", types).output("Y").infer<infer>().cpu<run_cpu>();
}

}  // namespace

MICA_OP(GlobalAveragePool, 22) {
  return global_pool(ReduceFunction::Mean, types::floats);
}

MICA_OP(GlobalAveragePool, 1) {
  return global_pool(ReduceFunction::Mean, kOldFloats);
}

MICA_OP(GlobalMaxPool, 22) {
  return global_pool(ReduceFunction::Max, types::floats);
}

MICA_OP(GlobalMaxPool, 1) {
  return global_pool(ReduceFunction::Max, kOldFloats);
}

MICA_OP(GlobalLpPool, 22) {
  return global_pool(ReduceFunction::L2, types::floats).attribute("p", &GlobalPool::p);
}

MICA_OP(GlobalLpPool, 2) {
  return global_pool(ReduceFunction::L2, kOldFloats).attribute("p", &GlobalPool::p);
}

MICA_OP(GlobalLpPool, 1) {
  return global_pool(ReduceFunction::L2, kOldFloats).attribute("p", &GlobalPool::fractional_p);
}

}  // namespace mica
