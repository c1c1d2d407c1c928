// MatMulNBits on CUDA devices.
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/quant/matmul_nbits.h"
#include "kernels/quant/nbits_cuda.h"

namespace mica {
namespace {

using enum MatMulNBits::Input;

void run(const MatMulNBits& op, const DeviceOperands& io) {
  const Tensor& a = io.in(kA);
  const auto check = [&](size_t input, int64_t wanted) {
    if (!io.has(input) || io.in(input).elements() == wanted) return;
    bad_input(io.in(input).str() + " does not have " + std::to_string(wanted) + " elements");
  };
  const bool packed_zeros = io.has(kZeros) && io.in(kZeros).dtype() == DType::U8;
  check(kB, op.n * op.blocks() * op.block_bytes());
  check(kScales, op.n * op.blocks());
  check(kZeros, op.n * (packed_zeros ? (op.blocks() * op.bits + 7) / 8 : op.blocks()));
  check(kBias, op.n);
  if (io.has(kGroups) && io.in(kGroups).elements() < op.k) {
    bad_input("g_idx " + io.in(kGroups).str() + " has fewer elements than K");
  }
  const int64_t m = a.elements() / op.k;
  if (a.shape().rank() == 0 || a.shape().back() != op.k || io.out(0).elements() != m * op.n) {
    bad_input("A " + a.str() + " does not fit K = " + std::to_string(op.k));
  }
  cuda::NBitsCall call{};
  call.number = number_of(a.dtype());
  call.a = a.raw();
  call.codes = io.in(kB).data<uint8_t>();
  call.scales = io.data(kScales);
  call.zeros = io.data(kZeros);
  if (io.has(kZeros)) call.zeros_number = number_of(io.in(kZeros).dtype());
  if (io.has(kGroups)) call.groups = io.in(kGroups).data<int32_t>();
  call.bias = io.data(kBias);
  call.y = io.out(0).mutable_raw();
  call.m = m;
  call.n = op.n;
  call.k = op.k;
  call.blocks = op.blocks();
  call.block_size = op.block_size;
  call.bits = static_cast<int>(op.bits);
  call.fault = io.fault();
  launch_nbits(call, io.stream());
}

}  // namespace

void cuda_kernels_nbits(DeviceKernelTable& table) {
  table.add("MatMulNBits", DeviceKernelTable::kAllVersions, device_kernel<MatMulNBits>("nbits", run), "com.microsoft");
}

}  // namespace mica
