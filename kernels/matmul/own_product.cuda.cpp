#include "kernels/matmul/own_product.h"

#include "backends/cuda/tensor_map.h"
#include "kernels/cast/cast_cuda.h"
#include "kernels/cuda/operand.h"
#include "kernels/matmul/gemm_mma_cuda.h"
#include "kernels/matmul/gemm_wgmma_cuda.h"
#include "kernels/matmul/gemv_cuda.h"

namespace mica {
namespace {

// Whether the product was put on the stream as one by warpgroups.
bool multiply_by_warpgroups(const cuda::GemmCall& call, cuda::Number operands, const DeviceOperands& io) {
  if (io.capability() != cuda::kWgmmaCapability) return false;
  const cuda::WgmmaCut cut = cuda::wgmma_cut(call.m, call.n, call.k, call.batch.elements);
  const cuda::WgmmaOperands sides = cuda::wgmma_operands(call, cut);
  if (!sides.possible) return false;
  const auto a = make_tensor_map(sides.a), b = make_tensor_map(sides.b);
  if (!a || !b) return false;
  cuda::launch_gemm_wgmma(call, operands, cut, *a, *b, io.stream());
  return true;
}

void multiply_on_tensor_cores(const cuda::GemmCall& call, cuda::Number operands, const DeviceOperands& io) {
  if (multiply_by_warpgroups(call, operands, io)) return;
  const cuda::MmaCut cut = cuda::mma_cut(call.m, call.n, call.k, call.batch.elements);
  const int64_t workspace = cuda::mma_workspace(cut, call.m, call.n);
  cuda::launch_gemm_mma(call, operands, cut, workspace > 0 ? io.scratch<float>(workspace) : nullptr, io.stream());
}

}  // namespace

int least_capability_for(cuda::Number operands) {
  constexpr int kNone = 1000000;
  return operands == cuda::Number::F16    ? cuda::kHalfProducts
         : operands == cuda::Number::BF16 ? cuda::kBrainProducts
                                          : kNone;
}

void multiply_by_own(const cuda::GemmCall& call, const DeviceOperands& io) {
  if (cuda::is_gemv(call.m, call.n, call.k) || io.capability() < least_capability_for(call.number)) {
    return launch_gemm(call, io.stream());
  }
  multiply_on_tensor_cores(call, call.number, io);
}

void multiply_in_brain(const cuda::GemmCall& call, const DeviceOperands& io) {
  constexpr cuda::Number kBrain = cuda::Number::BF16;
  if (cuda::is_gemv(call.m, call.n, call.k) && cuda::launch_gemv_of_vectors(call, kBrain, io.stream())) return;
  const Tensor& a = io.in(0);
  void* rounded = io.scratch<uint16_t>(a.elements());
  cuda::launch_cast({a.raw(), number_of(a.dtype()), rounded, kBrain, a.elements()}, io.stream());
  cuda::GemmCall narrow = call;
  narrow.a.data = rounded;
  multiply_on_tensor_cores(narrow, kBrain, io);
}

}  // namespace mica
