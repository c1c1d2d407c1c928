#include "kernels/matmul/own_product.h"

#include "backends/cuda/tensor_map.h"
#include "kernels/cast/cast_cuda.h"
#include "kernels/cuda/operand.h"
#include "kernels/matmul/library_product.h"

namespace mica {
namespace {

using cuda::ProductOperands, cuda::ProductWay;

void multiply_by_fragments(const cuda::GemmCall& call, ProductOperands operands, const DeviceOperands& io) {
  const cuda::MmaCut cut = cuda::mma_cut(call.m, call.n, call.k, call.batch.elements);
  const int64_t parts = cuda::mma_workspace(cut, call.m, call.n);
  float* workspace = parts > 0 ? io.scratch<float>(parts) : nullptr;
  if (operands.tf32) return cuda::launch_gemm_tf32(call, cut, workspace, io.stream());
  cuda::launch_gemm_mma(call, operands.number, cut, workspace, io.stream());
}

void multiply_by_warpgroups(const cuda::GemmCall& call, ProductOperands operands, const DeviceOperands& io) {
  const cuda::WgmmaCut cut = cuda::wgmma_cut(call.m, call.n, call.k, call.batch.elements);
  const cuda::WgmmaOperands sides = cuda::wgmma_operands(call, cut);
  const auto a = make_tensor_map(sides.a), b = make_tensor_map(sides.b);
  if (!a || !b) return multiply_by_fragments(call, operands, io);
  cuda::launch_gemm_wgmma(call, operands.number, cut, *a, *b, io.stream());
}

}  // namespace

void multiply_by_own(const cuda::GemmCall& call, const DeviceOperands& io) {
  multiply_as(call, {call.number}, io);
}

void multiply_as(const cuda::GemmCall& call, ProductOperands operands, const DeviceOperands& io, ProductWay first) {
  if (io.explains()) return io.explain(explain_product(call, operands, io.capability(), first));
  switch (choose_product(call, operands, io.capability(), first).way) {
    case ProductWay::Warpgroups:
      return multiply_by_warpgroups(call, operands, io);
    case ProductWay::Fragments:
      return multiply_by_fragments(call, operands, io);
    default:
      return launch_gemm(call, io.stream());
  }
}

void multiply_in_brain(const cuda::GemmCall& call, const DeviceOperands& io) {
  constexpr ProductOperands kBrain{cuda::Number::BF16};
  const bool as_vectors = choose_product(call, kBrain, io.capability()).way == ProductWay::Vectors;
  if (io.explains()) return io.explain(explain_product(call, kBrain, io.capability()));
  if (as_vectors && cuda::launch_gemv_of_vectors(call, kBrain.number, io.stream())) return;
  const Tensor& a = io.in(0);
  void* rounded = io.scratch<uint16_t>(a.elements());
  cuda::launch_cast({a.raw(), number_of(a.dtype()), rounded, kBrain.number, a.elements()}, io.stream());
  cuda::GemmCall narrow = call;
  narrow.a.data = rounded;
  multiply_as(narrow, kBrain, io, ProductWay::Warpgroups);
}

void multiply_in_tf32(const cuda::GemmCall& call, const DeviceOperands& io) {
  if (!cuda::is_gemv(call.m, call.n, call.k) && try_library(call, io, true)) return;
  multiply_as(call, {call.number, true}, io);
}

}  // namespace mica
