// MatMulInteger, QLinearMatMul, QGemm, MatMulIntegerToFloat and DynamicQuantizeMatMul on CUDA devices.
#include "kernels/matmul/batch_walk.h"
#include "kernels/quant/int8_inputs.h"
#include "kernels/quant/int8_product_cuda.h"
#include "kernels/quant/parameters.h"
#include "kernels/quant/quant_operand.h"
#include "kernels/quant/quantize_op.h"

namespace mica {
namespace {

// Of MatMul's shapes; without scales, zero points and what is done to the sums.
cuda::Int8Call product(const Shape& a, MatMulSide a_side, const Shape& b, MatMulSide b_side, Tensor& y) {
  const MatMulProblem p = matmul_problem(a, a_side, b, b_side, y.shape());
  cuda::Int8Call call{};
  call.m = p.a.rows;
  call.n = p.b.columns;
  call.k = p.a.columns;
  call.a = {nullptr, cuda::Number::U8, p.a.row_stride, p.a.column_stride, {}, {}};
  call.b = {nullptr, cuda::Number::U8, p.b.row_stride, p.b.column_stride, {}, {}};
  call.to = number_of(y.dtype());
  call.c = y.mutable_raw();
  call.batch = batch_walk(p);
  return call;
}

constexpr size_t kNone = static_cast<size_t>(-1);

// Numbers for the rows or columns, `lines` of a matrix, of all matrices of `elements` in lines of `depth`.
cuda::QuantNumbers line_numbers(const DeviceOperands& io, size_t input, int64_t lines, int64_t elements,
                                int64_t depth) {
  if (input == kNone) return {};
  const int64_t all = depth == 0 ? lines : elements / depth;
  return quant_numbers(io, input, -std::max<int64_t>(all, 1));
}

void set_operand(cuda::Int8Operand& operand, const DeviceOperands& io, const cuda::Int8Call& call, int64_t lines,
                 size_t data, size_t scale, size_t zero) {
  const Tensor& tensor = io.in(data);
  operand.data = tensor.raw();
  operand.number = number_of(tensor.dtype());
  operand.scale = line_numbers(io, scale, lines, tensor.elements(), call.k);
  operand.zero = line_numbers(io, zero, lines, tensor.elements(), call.k);
}

void run_integer(const NoParams&, const DeviceOperands& io) {
  cuda::Int8Call call = product(io.in(0).shape(), {}, io.in(1).shape(), {}, io.out(0));
  set_operand(call.a, io, call, call.m, 0, kNone, 2);
  set_operand(call.b, io, call, call.n, 1, kNone, 3);
  launch_int8_product(call, io.stream());
}

void run_qlinear(const NoParams&, const DeviceOperands& io) {
  enum Input : size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kYScale, kYZero };
  cuda::Int8Call call = product(io.in(kA).shape(), {}, io.in(kB).shape(), {}, io.out(0));
  set_operand(call.a, io, call, call.m, kA, kAScale, kAZero);
  set_operand(call.b, io, call, call.n, kB, kBScale, kBZero);
  call.c_by = tensor_quantization(io, kYScale, kYZero);
  launch_int8_product(call, io.stream());
}

void run_qgemm(const QGemm& op, const DeviceOperands& io) {
  using enum QGemm::Input;
  cuda::Int8Call call =
      product(io.in(kA).shape(), {.transpose = op.trans_a}, io.in(kB).shape(), {.transpose = op.trans_b}, io.out(0));
  set_operand(call.a, io, call, call.m, kA, kAScale, kAZero);
  set_operand(call.b, io, call, call.n, kB, kBScale, kBZero);
  call.alpha = op.alpha;
  if (io.has(kYScale)) call.c_by = tensor_quantization(io, kYScale, kYZero);
  if (io.has(kC)) {
    const AddendLayout c = addend_layout(io.in(kC).shape(), call.m, call.n);
    call.addend = io.in(kC).data<int32_t>();
    call.addend_row = c.row;
    call.addend_column = c.column;
  }
  launch_int8_product(call, io.stream());
}

void set_bias(cuda::Int8Call& call, const DeviceOperands& io, size_t bias) {
  if (io.has(bias) && io.in(bias).elements() != call.n) bad_input("bias " + io.in(bias).str() + " does not fit");
  call.bias = quant_numbers(io, bias, call.n);
}

void run_to_float(const NoParams&, const DeviceOperands& io) {
  using enum MatMulIntegerToFloat::Input;
  cuda::Int8Call call = product(io.in(kA).shape(), {}, io.in(kB).shape(), {}, io.out(0));
  set_operand(call.a, io, call, call.m, kA, kAScale, kAZero);
  set_operand(call.b, io, call, call.n, kB, kBScale, kBZero);
  set_bias(call, io, kBias);
  launch_int8_product(call, io.stream());
}

void run_dynamic(const NoParams&, const DeviceOperands& io) {
  using enum DynamicQuantizeMatMul::Input;
  const Tensor& x = io.in(kA);
  const DynamicQuantization by = dynamic_quantization(io, x, nullptr, nullptr);
  uint8_t* bytes = io.scratch<uint8_t>(x.elements());
  quantize_on_device(io, x, by, bytes);
  cuda::Int8Call call = product(x.shape(), {}, io.in(kB).shape(), {}, io.out(0));
  call.a.data = bytes;
  call.a.scale = {by.scale, cuda::Number::F32, 1};
  call.a.zero = {by.zero, cuda::Number::U8, 1};
  set_operand(call.b, io, call, call.n, kB, kBScale, kBZero);
  set_bias(call, io, kBias);
  launch_int8_product(call, io.stream());
}

template <class P, class F>
DeviceKernel kernel_of(F run, DTypeSet types) {
  return device_kernel<P>("int8", run, takes_only(types));
}

}  // namespace

void cuda_kernels_int8_product(DeviceKernelTable& table) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  constexpr DTypeSet kNarrow = kByteTypes | DTypeSet{DType::F32, DType::F16};
  table.add("MatMulInteger", kAllVersions, kernel_of<NoParams>(run_integer, kByteTypes));
  table.add("QLinearMatMul", kAllVersions, kernel_of<NoParams>(run_qlinear, kNarrow | DTypeSet{DType::BF16}));
  table.add("QGemm", kAllVersions, kernel_of<QGemm>(run_qgemm, kNarrow | DTypeSet{DType::I32}), "com.microsoft");
  table.add("MatMulIntegerToFloat", kAllVersions, kernel_of<NoParams>(run_to_float, kNarrow), "com.microsoft");
  table.add("DynamicQuantizeMatMul", kAllVersions, kernel_of<NoParams>(run_dynamic, kNarrow), "com.microsoft");
}

}  // namespace mica
