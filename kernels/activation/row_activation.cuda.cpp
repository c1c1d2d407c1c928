// Gated, BiasGelu and FastGelu on CUDA devices.
#include "kernels/activation/gated.h"
#include "kernels/activation/row_activation_cuda.h"
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/math/unary.h"

namespace mica {
namespace {

using cuda::UnaryFunction;

void run_gated(const Gated& op, const DeviceOperands& io) {
  const Shape& x = io.in(0).shape();
  if (x.rank() == 0 || x.back() % 2 != 0) bad_input(io.in(0).str() + " does not divide into halves");
  const UnaryFunction function = op.activation == "silu"   ? UnaryFunction::Silu
                                 : op.activation == "gelu" ? UnaryFunction::Gelu
                                                           : UnaryFunction::GeluTanh;
  const auto [rows, both] = x.split_at(-1);
  cuda::launch_gated({function, number_of(io.in(0).dtype()), io.data(0), io.out(0).mutable_raw(), rows, both / 2},
                     io.stream());
}

template <UnaryFunction function>
void run_biased(const Unary&, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  if (!io.has(1)) {
    return cuda::launch_unary({function, number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), x.elements()},
                              io.stream());
  }
  const int64_t width = io.in(1).elements();
  if (x.shape().rank() == 0 || x.shape().back() != width) {
    bad_input("bias " + io.in(1).str() + " does not fit " + x.str());
  }
  const int64_t rows = width == 0 ? 0 : x.elements() / width;
  cuda::launch_biased({function, number_of(x.dtype()), x.raw(), io.out(0).mutable_raw(), rows, width, io.data(1)},
                      io.stream());
}

}  // namespace

void cuda_kernels_row_activation(DeviceKernelTable& table) {
  table.add("Gated", 1, device_kernel<Gated>("elements", run_gated), "mica");
  table.add("BiasGelu", 1, device_kernel<Unary>("elements", run_biased<UnaryFunction::Gelu>), "com.microsoft");
  table.add("FastGelu", 1, device_kernel<Unary>("elements", run_biased<UnaryFunction::GeluTanh>), "com.microsoft");
}

}  // namespace mica
