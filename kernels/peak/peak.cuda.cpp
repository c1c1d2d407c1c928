#include "kernels/peak/peak.h"

#include "backends/cuda/cublas_lt.h"
#include "kernels/device_kernel.h"
#include "kernels/matmul/library_product.h"
#include "kernels/op.h"
#include "kernels/peak/peak_cuda.h"

namespace mica {
namespace {

void run_multiply_add(const MultiplyAddPeak& op, const DeviceOperands& io) {
  cuda::launch_multiply_adds(io.out(0).mutable_data<float>(), io.out(0).elements(), op.operations / cuda::kPeakSums,
                             io.stream());
}

void run_product(const ProductPeak&, const DeviceOperands& io) {
  const Shape& a = io.in(0).shape();
  const int64_t m = a[0], k = a[1], n = io.in(1).shape()[1];
  const LtProduct product{.dtype = io.out(0).dtype(),
                          .m = m,
                          .n = n,
                          .k = k,
                          .a = {io.data(0), k},
                          .b = {io.data(1), n},
                          .d = io.out(0).mutable_raw(),
                          .d_row = n};
  void* workspace = io.scratch<std::byte>(static_cast<int64_t>(kLtWorkspace));
  if (!cublas_lt_multiply(product, workspace, io.stream())) bad_input("cuBLASLt has no way to compute this product");
}

}  // namespace

void cuda_kernels_peak(DeviceKernelTable& table) {
  table.add("MultiplyAdd", DeviceKernelTable::kAllVersions,
            device_kernel<MultiplyAddPeak>("multiply-add", run_multiply_add), kPeakDomain);
  DeviceKernel product = device_kernel<ProductPeak>("cuBLASLt", run_product);
  product.accepts = refuse_library;
  table.add("Product", DeviceKernelTable::kAllVersions, std::move(product), kPeakDomain);
}

}  // namespace mica
