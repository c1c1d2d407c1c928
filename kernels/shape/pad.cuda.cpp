// Pad on CUDA devices.
#include "kernels/shape/pad.h"

#include <cstring>

#include "kernels/device_kernel.h"
#include "kernels/shape/copy_cuda.h"
#include "kernels/shape/copy_operand.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

// The bits of the constant that is filled in; 0 without one. Inputs are read on the host.
uint64_t constant_bits(const Pad& op, const DeviceOperands& io) {
  const DType dtype = io.in(0).dtype();
  uint64_t bits = 0;
  if (op.from_attributes) {
    visit_dtype<float, double, Half, BFloat16>(dtype, [&]<class T>() {
      const T value(op.value);
      std::memcpy(&bits, &value, sizeof value);
    });
  } else if (io.has(2) && io.in(2).defined()) {
    const Tensor& value = io.in(2);
    if (value.elements() != 1 || value.dtype() != dtype) {
      bad_input("constant_value must be one " + std::string(name(dtype)) + ", not " + value.str());
    }
    std::memcpy(&bits, value.raw(), static_cast<size_t>(bit_width(dtype) / 8));
  }
  return bits;
}

void run(const Pad& op, const DeviceOperands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  const size_t rank = x.shape().rank();
  const PadSpans all = pad_spans(op, io.shapes());
  const std::span<const PadSpan> spans(all.data(), rank);
  const int64_t width = bit_width(x.dtype()) / 8;
  if (y.elements() == 0) return;
  if (op.mode == Pad::Mode::Constant || rank == 0) {
    const StridedCopy kept = kept_elements(x.shape(), y.shape(), spans);
    if (kept.elements() < y.elements()) {
      cuda::launch_fill(y.mutable_raw(), width, constant_bits(op, io), y.elements(), io.stream());
    }
    return copy_on_device(kept, x, y, io.stream());
  }
  cuda::PadCall call{op.mode, x.raw(), y.mutable_raw(), width, y.elements(), static_cast<int>(rank), {}};
  static_assert(cuda::PadCall::kMostAxes >= Shape::kMaxRank);
  const auto strides = x.shape().strides();
  for (size_t k = 0; k < rank; ++k) {
    call.axes[rank - 1 - k] = {y.shape()[k], spans[k].kept, spans[k].count, spans[k].at, strides[k]};
  }
  launch_pad(call, io.stream());
}

}  // namespace

void cuda_kernels_pad(DeviceKernelTable& table) {
  constexpr DTypeSet kTypes = types::any - types::string - types::sub_byte - types::complex;
  table.add("Pad", DeviceKernelTable::kAllVersions, device_kernel<Pad>("copy", run, takes_only(kTypes, 1), 0b1110));
}

}  // namespace mica
