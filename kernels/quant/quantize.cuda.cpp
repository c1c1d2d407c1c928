// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear on CUDA devices.
#include "kernels/quant/granularity.h"
#include "kernels/quant/quant_operand.h"
#include "kernels/quant/quantize_cuda.h"
#include "kernels/quant/quantize_op.h"

namespace mica {
namespace {

constexpr DTypeSet kNarrow{DType::F32, DType::F16, DType::BF16};
constexpr DTypeSet kCodes{DType::I8, DType::U8, DType::I16, DType::U16};

// Of a tensor x and its scale, input 1. Throws when they do not fit.
cuda::Granules granules_of(const DeviceOperands& io, int64_t axis, int64_t block) {
  const Shape &x = io.in(0).shape(), &scale = io.in(1).shape();
  Granularity(x, scale, axis, block);
  if (scale.elements() == 1 && (block == 0 || scale.rank() == 0)) return {};
  const size_t at = normalize_axis(axis, x.rank());
  return {x[at], x.elements(at + 1, x.rank()), block, block == 0 ? x[at] : (x[at] - 1) / block + 1};
}

void run_quantize(const QuantizeLinear& op, const DeviceOperands& io) {
  const Tensor &x = io.in(0), &scale = io.in(1);
  Tensor& y = io.out(0);
  const cuda::Granules granules = granules_of(io, op.axis, op.block_size);
  const DType precision = op.precision == DType::Undefined ? scale.dtype() : op.precision;
  cuda::launch_quantize(
      {number_of(x.dtype()), number_of(y.dtype()), number_of(precision), x.raw(), y.mutable_raw(), x.elements(),
       quant_numbers(io, 1, scale.elements()), quant_numbers(io, 2, scale.elements()), granules},
      io.stream());
}

std::string refuse_quantize(const void* params, std::span<const ValueType> inputs) {
  const auto& op = *static_cast<const QuantizeLinear*>(params);
  const DType given = op.output_dtype == DType::Undefined ? DType::U8 : op.output_dtype;
  const DType to = inputs.size() > 2 && inputs[2].dtype != DType::Undefined ? inputs[2].dtype : given;
  if (!kCodes.contains(to)) return "does not quantise to " + std::string(name(to));
  if (op.precision != DType::Undefined && !kNarrow.contains(op.precision)) return "divides in float";
  const std::string why = takes_only(kNarrow, 0b10)(params, inputs);
  return why.empty() ? takes_only(kNarrow | DTypeSet{DType::I32}, 1)(params, inputs) : why;
}

void run_dequantize(const DequantizeLinear& op, const DeviceOperands& io) {
  const Tensor &x = io.in(0), &scale = io.in(1);
  Tensor& y = io.out(0);
  const cuda::Granules granules = granules_of(io, op.axis, op.block_size);
  cuda::launch_dequantize({number_of(x.dtype()), number_of(y.dtype()), x.raw(), y.mutable_raw(), x.elements(),
                           quant_numbers(io, 1, scale.elements()), quant_numbers(io, 2, scale.elements()), granules},
                          io.stream());
}

std::string refuse_dequantize(const void* params, std::span<const ValueType> inputs) {
  const std::string why = takes_only(kNarrow, 0b10)(params, inputs);
  return why.empty() ? takes_only(kCodes | DTypeSet{DType::I32}, 0b101)(params, inputs) : why;
}

void run_dynamic(const NoParams&, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  const DynamicQuantization by =
      dynamic_quantization(io, x, io.wants(1) ? &io.out(1) : nullptr, io.wants(2) ? &io.out(2) : nullptr);
  if (io.wants(0)) quantize_on_device(io, x, by, io.out(0).mutable_data<uint8_t>());
}

}  // namespace

DynamicQuantization dynamic_quantization(const DeviceOperands& io, const Tensor& x, Tensor* scale, Tensor* zero) {
  const DynamicQuantization by{scale != nullptr ? scale->mutable_data<float>() : io.scratch<float>(1),
                               zero != nullptr ? zero->mutable_data<uint8_t>() : io.scratch<uint8_t>(1)};
  cuda::launch_dynamic_scale(
      {x.data<float>(), x.elements(), io.scratch<float>(2 * cuda::DynamicScaleCall::kPartials), by.scale, by.zero},
      io.stream());
  return by;
}

void quantize_on_device(const DeviceOperands& io, const Tensor& x, const DynamicQuantization& by, uint8_t* y) {
  cuda::launch_quantize({cuda::Number::F32,
                         cuda::Number::U8,
                         cuda::Number::F32,
                         x.raw(),
                         y,
                         x.elements(),
                         {by.scale, cuda::Number::F32, 1},
                         {by.zero, cuda::Number::U8, 1},
                         {}},
                        io.stream());
}

void cuda_kernels_quantize(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  const DeviceKernel quantize = device_kernel<QuantizeLinear>("elements", run_quantize, refuse_quantize);
  const DeviceKernel dequantize = device_kernel<DequantizeLinear>("elements", run_dequantize, refuse_dequantize);
  for (const std::string_view domain : {"", "com.microsoft"}) {
    table.add("QuantizeLinear", kAllVersions, quantize, domain);
    table.add("DequantizeLinear", kAllVersions, dequantize, domain);
  }
  table.add("DynamicQuantizeLinear", kAllVersions, device_kernel<NoParams>("elements", run_dynamic));
}

}  // namespace mica
