// Element-wise operators on CUDA devices.
#include <limits>
#include <optional>

#include "kernels/activation/gelu.h"
#include "kernels/activation/shrink.h"
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/elementwise/clip.h"
#include "kernels/elementwise/element_functions.h"
#include "kernels/elementwise/integer_ops.h"
#include "kernels/math/is_nan.h"
#include "kernels/math/unary.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

using cuda::BinaryFunction;
using cuda::UnaryFunction;

constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;

cuda::UnaryCall unary_call(UnaryFunction function, const DeviceOperands& io, float alpha = 0, float beta = 0) {
  const Tensor& x = io.in(0);
  return {function, number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), x.elements(), alpha, beta};
}

void run_unary(UnaryFunction function, const DeviceOperands& io) {
  const cuda::UnaryCall call = unary_call(function, io);
  is_float(io.in(0).dtype()) ? launch_unary(call, io.stream()) : launch_integer_unary(call, io.stream());
}

DeviceKernel unary_kernel(UnaryFunction function, DTypeSet types = types::floats) {
  return {"elements", [function](const void*, const DeviceOperands& io) { run_unary(function, io); },
          takes_only(types)};
}

DeviceKernel parametric_kernel(UnaryFunction function) {
  return {"elements",
          [function](const void* params, const DeviceOperands& io) {
            const auto& op = *static_cast<const Parametric*>(params);
            launch_unary(unary_call(function, io, op.alpha, op.beta), io.stream());
          },
          takes_only(types::floats)};
}

void run_gelu(const Gelu& op, const DeviceOperands& io) {
  const bool exact = op.approximate == "none";
  launch_unary(unary_call(exact ? UnaryFunction::Gelu : UnaryFunction::GeluTanh, io), io.stream());
}

void run_shrink(const Shrink& op, const DeviceOperands& io) {
  launch_unary(unary_call(UnaryFunction::Shrink, io, op.bias, op.lambd), io.stream());
}

cuda::FloatTestCall test_call(cuda::FloatTest test, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  return {test, number_of(x.dtype()), x.raw(), io.out(0).mutable_data<bool>(), x.elements()};
}

void run_is_nan(const IsNaN&, const DeviceOperands& io) {
  launch_float_test(test_call(cuda::FloatTest::IsNaN, io), io.stream());
}

void run_is_inf(const IsInf& op, const DeviceOperands& io) {
  cuda::FloatTestCall call = test_call(cuda::FloatTest::IsInfinite, io);
  call.negative = op.detect_negative;
  call.positive = op.detect_positive;
  launch_float_test(call, io.stream());
}

// A bound of Clip, read on the host.
float bound(const DeviceOperands& io, size_t input, float otherwise) {
  if (!io.has(input)) return otherwise;
  const Tensor& tensor = io.in(input);
  if (tensor.elements() != 1) bad_input("a bound must have one element, not be " + tensor.str());
  float value = otherwise;
  visit_dtype<float, Half, BFloat16>(tensor.dtype(), [&]<class T>() { value = static_cast<float>(*tensor.data<T>()); });
  return value;
}

void run_clip(const NoParams&, const DeviceOperands& io) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  launch_unary(unary_call(UnaryFunction::Clip, io, bound(io, 1, -kInfinity), bound(io, 2, kInfinity)), io.stream());
}

void run_clip_by_attributes(const Clip& op, const DeviceOperands& io) {
  launch_unary(unary_call(UnaryFunction::Clip, io, op.min, op.max), io.stream());
}

void run_binary(BinaryFunction function, const DeviceOperands& io) {
  const Tensor &a = io.in(0), &b = io.in(1);
  const auto walk = broadcast_walk<2>(io.out(0).shape(), {&a.shape(), &b.shape()});
  const cuda::BinaryCall call{function, number_of(a.dtype()), a.raw(), b.raw(), io.out(0).mutable_raw(), walk};
  is_float(a.dtype()) ? launch_binary(call, io.stream()) : launch_integer_binary(call, io.stream());
}

DeviceKernel binary_kernel(BinaryFunction function, DTypeSet types) {
  return {"elements", [function](const void*, const DeviceOperands& io) { run_binary(function, io); },
          [types](const void* params, std::span<const ValueType> inputs) -> std::string {
            if (inputs.size() != 2) return "takes two tensors";
            if (inputs[0].dtype != inputs[1].dtype) return "takes tensors of one type";
            return takes_only(types)(params, inputs);
          }};
}

void run_mod(const Mod& op, const DeviceOperands& io) {
  run_binary(op.fmod ? BinaryFunction::FMod : BinaryFunction::Mod, io);
}

void run_shift(const BitShift& op, const DeviceOperands& io) {
  run_binary(op.left ? BinaryFunction::ShiftLeft : BinaryFunction::ShiftRight, io);
}

void run_where(const NoParams&, const DeviceOperands& io) {
  const Tensor &condition = io.in(0), &a = io.in(1), &b = io.in(2);
  const auto walk = broadcast_walk<3>(io.out(0).shape(), {&condition.shape(), &a.shape(), &b.shape()});
  cuda::launch_where({condition.raw(), a.raw(), b.raw(), io.out(0).mutable_raw(), bit_width(a.dtype()) / 8, walk},
                     io.stream());
}

}  // namespace

void cuda_kernels_elementwise(DeviceKernelTable& table) {
  for (const auto& [op_type, function] : cuda::kOfFloats) table.add(op_type, kAllVersions, unary_kernel(function));
  for (const auto& [op_type, function] : cuda::kOfNumbers) {
    table.add(op_type, kAllVersions, unary_kernel(function, types::floats | (cuda::kIntegers - types::boolean)));
  }
  for (const auto& [op_type, function] : cuda::kParametric)
    table.add(op_type, kAllVersions, parametric_kernel(function));
  for (const auto& [op_type, since, function, types] : cuda::kBinary) {
    table.add(op_type, since, binary_kernel(function, types));
  }
  table.add("Mod", 10, device_kernel<Mod>("elements", run_mod, takes_only(cuda::kNumbers)));
  table.add("BitShift", 11, device_kernel<BitShift>("elements", run_shift));
  table.add("BitwiseNot", 18, unary_kernel(UnaryFunction::BitwiseNot, types::ints));
  table.add("Shrink", 9, device_kernel<Shrink>("elements", run_shrink, takes_only(types::floats)));
  table.add("IsNaN", 9, device_kernel<IsNaN>("elements", run_is_nan, takes_only(types::floats)));
  table.add("IsInf", 10, device_kernel<IsInf>("elements", run_is_inf, takes_only(types::floats)));
  table.add("Not", 1, unary_kernel(UnaryFunction::Not, types::boolean));
  table.add("Gelu", 1, unary_kernel(UnaryFunction::Gelu), "com.microsoft");
  table.add("QuickGelu", 1, parametric_kernel(UnaryFunction::Swish), "com.microsoft");

  table.add("Gelu", 20, device_kernel<Gelu>("elements", run_gelu, takes_only(types::floats)));
  const auto takes_narrow = takes_only(types::floats - DTypeSet{DType::F64});
  table.add("Clip", 1, device_kernel<Clip>("elements", run_clip_by_attributes, takes_only(types::floats)));
  table.add("Clip", 11, device_kernel<NoParams>("elements", run_clip, takes_narrow, 0b110));
  const auto takes_numbers = takes_only(types::numeric | types::boolean | types::complex);
  table.add("Where", 9, device_kernel<NoParams>("elements", run_where, takes_numbers));
}

}  // namespace mica
