// MatMul, FusedMatMul, Gemm and Linear on CUDA devices.
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/matmul/gemm_cuda.h"
#include "kernels/matmul/gemm_op.h"
#include "kernels/matmul/library_product.h"
#include "kernels/matmul/matmul_shape.h"
#include "kernels/quant/int8_inputs.h"

namespace mica {
namespace {

using Multiply = void (*)(const cuda::GemmCall& call, const DeviceOperands& io);

void multiply_by_own(const cuda::GemmCall& call, const DeviceOperands& io) {
  launch_gemm(call, io.stream());
}

cuda::Walk<3> batch_walk(const MatMulProblem& p) {
  cuda::Walk<3> walk;
  for (size_t i = p.batch.rank(); i-- > 0;) {
    walk.add(p.batch[i], {{p.a.batch_strides[i], p.b.batch_strides[i], p.y.batch_strides[i]}});
  }
  return walk;
}

template <Multiply multiply>
void run_matmul(const MatMul& op, const DeviceOperands& io) {
  const Tensor &a = io.in(0), &b = io.in(1);
  Tensor& y = io.out(0);
  const MatMulProblem p = matmul_problem(a.shape(), op.a(), b.shape(), op.b(), y.shape());
  cuda::GemmCall call{number_of(y.dtype()),
                      p.a.rows,
                      p.b.columns,
                      p.a.columns,
                      {a.raw(), p.a.row_stride, p.a.column_stride},
                      {b.raw(), p.b.row_stride, p.b.column_stride},
                      y.mutable_raw(),
                      p.y.row_stride,
                      batch_walk(p)};
  call.alpha = op.alpha;
  multiply(call, io);
}

cuda::GemmAddend addend(const Tensor& c, int64_t m, int64_t n, float factor) {
  const AddendLayout layout = addend_layout(c.shape(), m, n);
  return {{c.raw(), layout.row, layout.column}, factor};
}

cuda::GemmCall gemm_call(const Gemm& op, const DeviceOperands& io) {
  Tensor& y = io.out(0);
  const GemmSides s = gemm_sides(op, io.in(0).shape(), io.in(1).shape());
  cuda::GemmCall call{
      number_of(y.dtype()), s.m, s.n, s.k, {io.data(0), s.a_row, s.a_column}, {io.data(1), s.b_row, s.b_column},
      y.mutable_raw(),      s.n, {}};
  call.alpha = op.alpha;
  if (io.has(2)) call.addends[0] = addend(io.in(2), s.m, s.n, op.beta);
  return call;
}

template <Multiply multiply>
void run_gemm(const Gemm& op, const DeviceOperands& io) {
  multiply(gemm_call(op, io), io);
}

template <Multiply multiply>
void run_linear(const Linear& op, const DeviceOperands& io) {
  constexpr size_t kResidual = 3;
  cuda::GemmCall call = gemm_call(op, io);
  if (io.has(kResidual)) {
    if (io.in(kResidual).elements() != call.m * call.n) bad_input("the residual has not the dims of the result");
    call.addends[1] = {{io.data(kResidual), call.n, 1}, 1};
  }
  call.activation = op.activation;
  call.low = op.low;
  call.high = op.high;
  multiply(call, io);
}

// The kernels of all products, by one way to multiply.
template <Multiply multiply>
void add_products(DeviceKernelTable& table, std::string_view name, const decltype(DeviceKernel::accepts)& accepts) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  const auto add = [&](std::string_view op_type, DeviceKernel kernel, std::string_view domain) {
    kernel.accepts = accepts;
    table.add(op_type, kAllVersions, std::move(kernel), domain);
  };
  add("MatMul", device_kernel<MatMul>(name, run_matmul<multiply>), "");
  add("FusedMatMul", device_kernel<MatMul>(name, run_matmul<multiply>), "com.microsoft");
  add("Gemm", device_kernel<Gemm>(name, run_gemm<multiply>), "");
  add("Linear", device_kernel<Linear>(name, run_linear<multiply>), "mica");
}

}  // namespace

void cuda_kernels_matmul(DeviceKernelTable& table) {
  add_products<multiply_by_library>(table, "cublaslt", refuse_library);
  add_products<multiply_by_own>(table, "simt", takes_only(types::floats));
}

}  // namespace mica
