// MatMul, FusedMatMul, Gemm and Linear on CUDA devices.
#include "kernels/brain_constant.h"
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/matmul/batch_walk.h"
#include "kernels/matmul/gemm_cuda.h"
#include "kernels/matmul/gemm_op.h"
#include "kernels/matmul/library_product.h"
#include "kernels/matmul/own_product.h"
#include "kernels/quant/int8_inputs.h"

namespace mica {
namespace {

using Multiply = void (*)(const cuda::GemmCall& call, const DeviceOperands& io);

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

// Another kernel of all products: by one way to multiply, and `settings` but for what it runs and, of Linear, what it
// accepts where that differs.
template <Multiply multiply>
void add_products(DeviceKernelTable& table, const DeviceKernel& settings, DeviceKernel::Accepts of_linear = {}) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  const auto add = [&](std::string_view op_type, const DeviceKernel& runs, std::string_view domain) {
    DeviceKernel kernel = settings;
    kernel.run = runs.run;
    kernel.explains = true;
    if (runs.accepts) kernel.accepts = runs.accepts;
    table.add(op_type, kAllVersions, std::move(kernel), domain);
  };
  add("MatMul", device_kernel<MatMul>(settings.name, run_matmul<multiply>), "");
  add("FusedMatMul", device_kernel<MatMul>(settings.name, run_matmul<multiply>), "com.microsoft");
  add("Gemm", device_kernel<Gemm>(settings.name, run_gemm<multiply>), "");
  add("Linear", device_kernel<Linear>(settings.name, run_linear<multiply>, std::move(of_linear)), "mica");
}

DeviceKernel on_tensor_cores(std::string_view name, DType dtype) {
  DeviceKernel kernel{name, {}, takes_only({dtype})};
  kernel.least_capability = cuda::least_capability_for({number_of(dtype)});
  return kernel;
}

}  // namespace

void cuda_kernels_matmul(DeviceKernelTable& table) {
  DeviceKernel in_brain{"bf16", {}, takes_only({DType::F32})};
  in_brain.least_capability = cuda::kBrainProducts;
  in_brain.form = brain_constant;
  in_brain.formed_input = 1;
  add_products<multiply_in_brain>(table, in_brain);
  DeviceKernel in_tf32{"tf32", {}, takes_only({DType::F32})};
  in_tf32.least_capability = cuda::kTf32Products;
  add_products<multiply_in_tf32>(table, in_tf32);
  add_products<multiply_by_library>(table, {"cublaslt", {}, refuse_library}, refuse_library_for_linear);
  add_products<multiply_by_own>(table, on_tensor_cores("mma", DType::F16));
  add_products<multiply_by_own>(table, on_tensor_cores("mma", DType::BF16));
  add_products<multiply_by_own>(table, {"simt", {}, takes_only(types::floats)});
}

}  // namespace mica
