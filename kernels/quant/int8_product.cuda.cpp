// MatMulInteger, QLinearMatMul, QGemm, MatMulIntegerToFloat and DynamicQuantizeMatMul on CUDA devices.
#include "kernels/matmul/batch_walk.h"
#include "kernels/matmul/product_choice.h"
#include "kernels/quant/int8_inputs.h"
#include "kernels/quant/int8_product_cuda.h"
#include "kernels/quant/parameters.h"
#include "kernels/quant/quant_operand.h"
#include "kernels/quant/quantize_op.h"

namespace mica {
namespace {

// Constant matrices [..., k, n] as [..., n, k].
Tensor columns_of(const Tensor& matrices) {
  const Shape& shape = matrices.shape();
  const int64_t n = shape.back(), k = shape[shape.rank() - 2], size = n * k;
  Tensor columns(matrices.dtype(), shape);
  const auto* from = static_cast<const uint8_t*>(matrices.raw());
  auto* to = static_cast<uint8_t*>(columns.mutable_raw());
  for (int64_t at = 0; at < matrices.elements(); at += size) {
    for (int64_t i = 0; i < k; ++i) {
      for (int64_t j = 0; j < n; ++j) to[at + j * k + i] = from[at + i * n + j];
    }
  }
  return columns;
}

bool is_aligned(const void* data) {
  return reinterpret_cast<uintptr_t>(data) % cuda::kMmaVectorBytes == 0;
}

// Why a product is not for tensor cores; null when it is.
const char* refuse_tensor_cores(const cuda::Int8Call& call, int capability) {
  if (capability < cuda::kByteProducts) return "no tensor cores for bytes";
  if (!is_int8_mma(call)) return "operands do not lie along k in vectors of 16";
  return is_aligned(call.a.data) && is_aligned(call.b.data) ? nullptr : "operands are not aligned";
}

void multiply(const cuda::Int8Call& call, const DeviceOperands& io) {
  const cuda::MmaCut cut = cuda::int8_mma_cut(call.m, call.n, call.k, call.batch.elements);
  const char* refusal = refuse_tensor_cores(call, io.capability());
  if (io.explains()) return io.explain(refusal ? std::string("dp4a; not mma: ") + refusal : "mma " + str(cut));
  if (refusal != nullptr) return launch_int8_product(call, io.stream());
  const int64_t workspace = cuda::mma_workspace(cut, call.m, call.n);
  launch_int8_mma(call, cut, workspace > 0 ? io.scratch<int32_t>(workspace) : nullptr, io.stream());
}

// Of MatMul's shapes; without scales, zero points and what is done to the sums. With `columns` the matrices on the
// right are those of columns_of.
cuda::Int8Call product(const Shape& a, MatMulSide a_side, const Shape& b, MatMulSide b_side, Tensor& y,
                       bool columns = false) {
  const MatMulProblem p = matmul_problem(a, a_side, b, b_side, y.shape());
  cuda::Int8Call call{};
  call.m = p.a.rows;
  call.n = p.b.columns;
  call.k = p.a.columns;
  call.a = {nullptr, cuda::Number::U8, p.a.row_stride, p.a.column_stride, {}, {}};
  call.b = {nullptr, cuda::Number::U8, p.b.row_stride, p.b.column_stride, {}, {}};
  if (columns) call.b.row = 1, call.b.column = call.k;
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

template <bool columns>
void run_integer(const NoParams&, const DeviceOperands& io) {
  cuda::Int8Call call = product(io.in(0).shape(), {}, io.in(1).shape(), {}, io.out(0), columns);
  set_operand(call.a, io, call, call.m, 0, kNone, 2);
  set_operand(call.b, io, call, call.n, 1, kNone, 3);
  multiply(call, io);
}

template <bool columns>
void run_qlinear(const NoParams&, const DeviceOperands& io) {
  enum Input : size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kYScale, kYZero };
  cuda::Int8Call call = product(io.in(kA).shape(), {}, io.in(kB).shape(), {}, io.out(0), columns);
  set_operand(call.a, io, call, call.m, kA, kAScale, kAZero);
  set_operand(call.b, io, call, call.n, kB, kBScale, kBZero);
  call.c_by = tensor_quantization(io, kYScale, kYZero);
  multiply(call, io);
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
  multiply(call, io);
}

void set_bias(cuda::Int8Call& call, const DeviceOperands& io, size_t bias) {
  if (io.has(bias) && io.in(bias).elements() != call.n) bad_input("bias " + io.in(bias).str() + " does not fit");
  call.bias = quant_numbers(io, bias, call.n);
}

template <bool columns>
void run_to_float(const NoParams&, const DeviceOperands& io) {
  using enum MatMulIntegerToFloat::Input;
  cuda::Int8Call call = product(io.in(kA).shape(), {}, io.in(kB).shape(), {}, io.out(0), columns);
  set_operand(call.a, io, call, call.m, kA, kAScale, kAZero);
  set_operand(call.b, io, call, call.n, kB, kBScale, kBZero);
  set_bias(call, io, kBias);
  multiply(call, io);
}

template <bool columns>
void run_dynamic(const NoParams&, const DeviceOperands& io) {
  using enum DynamicQuantizeMatMul::Input;
  const Tensor& x = io.in(kA);
  cuda::Int8Call call = product(x.shape(), {}, io.in(kB).shape(), {}, io.out(0), columns);
  if (!io.explains()) {
    const DynamicQuantization by = dynamic_quantization(io, x, nullptr, nullptr);
    uint8_t* bytes = io.scratch<uint8_t>(x.elements());
    quantize_on_device(io, x, by, bytes);
    call.a.data = bytes;
    call.a.scale = {by.scale, cuda::Number::F32, 1};
    call.a.zero = {by.zero, cuda::Number::U8, 1};
  }
  set_operand(call.b, io, call, call.n, kB, kBScale, kBZero);
  set_bias(call, io, kBias);
  multiply(call, io);
}

template <class P, class F>
DeviceKernel kernel_of(F run, DTypeSet types) {
  DeviceKernel kernel = device_kernel<P>("int8", run, takes_only(types));
  kernel.explains = true;
  return kernel;
}

// The same for tensor cores, whose input `matrix`, on the right, is constant.
template <class F>
DeviceKernel on_tensor_cores(F run, DTypeSet types, size_t matrix) {
  const auto accepts = [only = takes_only(types), matrix](const void* params,
                                                          std::span<const ValueType> inputs) -> std::string {
    const auto b = inputs[matrix].dims ? to_shape(*inputs[matrix].dims) : std::nullopt;
    if (!b || b->rank() < 2) return "the matrix is none";
    if ((*b)[b->rank() - 2] % cuda::kMmaVectorBytes != 0) return "k is no multiple of 16";
    return only(params, inputs);
  };
  DeviceKernel kernel = device_kernel<NoParams>("int8 mma", run, accepts);
  kernel.form = columns_of;
  kernel.formed_input = matrix;
  kernel.least_capability = cuda::kByteProducts;
  kernel.explains = true;
  return kernel;
}

}  // namespace

void cuda_kernels_int8_product(DeviceKernelTable& table) {
  constexpr DTypeSet kNarrow = kByteTypes | DTypeSet{DType::F32, DType::F16};
  const auto add = [&](std::string_view op_type, auto in_columns, auto as_it_is, DTypeSet types, size_t matrix,
                       std::string_view domain) {
    table.add(op_type, DeviceKernelTable::kAllVersions, on_tensor_cores(in_columns, types, matrix), domain);
    table.add(op_type, DeviceKernelTable::kAllVersions, kernel_of<NoParams>(as_it_is, types), domain);
  };
  add("MatMulInteger", run_integer<true>, run_integer<false>, kByteTypes, 1, "");
  add("QLinearMatMul", run_qlinear<true>, run_qlinear<false>, kNarrow | DTypeSet{DType::BF16}, 3, "");
  add("MatMulIntegerToFloat", run_to_float<true>, run_to_float<false>, kNarrow, MatMulIntegerToFloat::kB,
      "com.microsoft");
  add("DynamicQuantizeMatMul", run_dynamic<true>, run_dynamic<false>, kNarrow, DynamicQuantizeMatMul::kB,
      "com.microsoft");
  table.add("QGemm", DeviceKernelTable::kAllVersions, kernel_of<QGemm>(run_qgemm, kNarrow | DTypeSet{DType::I32}),
            "com.microsoft");
}

}  // namespace mica
