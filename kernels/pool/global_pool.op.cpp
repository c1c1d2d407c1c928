// GlobalAveragePool (ai.onnx 1, 22), GlobalMaxPool (1, 22), GlobalLpPool (1, 2, 22): one value per channel plane, the
// mean, the maximum, or (sum of |x|^p)^(1/p). p is a float in version 1.
#include <cmath>
#include <limits>

#include "kernels/op.h"
#include "kernels/wide.h"

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

/// Y[plane] = reduce(elements, count) in double: planes are long.
template <class Reduce>
void for_each_plane(const Operands& io, Reduce&& reduce) {
  const auto [planes, width] = io.in(0).shape().split_at(2);
  if (io.out(0).elements() != planes) bad_input("output " + io.out(0).str() + " does not fit input " + io.in(0).str());
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&, planes = planes, width = width]<class T>() {
    const T* x = io.in(0).data<T>();
    T* y = io.out(0).mutable_data<T>();
    for (int64_t i = 0; i < planes; ++i) y[i] = static_cast<T>(static_cast<Wide<T>>(reduce(x + i * width, width)));
  });
}

void run_average(const NoParams&, const Operands& io) {
  for_each_plane(io, [](const auto* x, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(x[i]);
    return sum / static_cast<double>(count);
  });
}

void run_max(const NoParams&, const Operands& io) {
  for_each_plane(io, [](const auto* x, int64_t count) {
    double best = -std::numeric_limits<double>::infinity();
    for (int64_t i = 0; i < count; ++i) best = std::max(best, static_cast<double>(x[i]));
    return best;
  });
}

template <class P>
struct GlobalLpPool {
  P p = 2;
};

template <class P>
void run_lp(const GlobalLpPool<P>& op, const Operands& io) {
  const double p = static_cast<double>(op.p);
  for_each_plane(io, [p](const auto* x, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += std::pow(std::abs(static_cast<double>(x[i])), p);
    return std::pow(sum, 1 / p);
  });
}

template <class P>
OpBuilder<GlobalLpPool<P>> global_lp_pool(DTypeSet types) {
  return op<GlobalLpPool<P>>()
      .input("X", types)
      .output("Y")
      .attribute("p", &GlobalLpPool<P>::p)
      .infer(InferRule(infer))
      .template cpu<run_lp<P>>();
}

}  // namespace

MICA_OP(GlobalAveragePool, 22) {
  return op().input("X", types::floats).output("Y").infer(InferRule(infer)).cpu<run_average>();
}

MICA_OP(GlobalAveragePool, 1) {
  return op().input("X", kOldFloats).output("Y").infer(InferRule(infer)).cpu<run_average>();
}

MICA_OP(GlobalMaxPool, 22) {
  return op().input("X", types::floats).output("Y").infer(InferRule(infer)).cpu<run_max>();
}

MICA_OP(GlobalMaxPool, 1) {
  return op().input("X", kOldFloats).output("Y").infer(InferRule(infer)).cpu<run_max>();
}

MICA_OP(GlobalLpPool, 22) {
  return global_lp_pool<int64_t>(types::floats);
}

MICA_OP(GlobalLpPool, 2) {
  return global_lp_pool<int64_t>(kOldFloats);
}

MICA_OP(GlobalLpPool, 1) {
  return global_lp_pool<float>(kOldFloats);
}

}  // namespace mica
