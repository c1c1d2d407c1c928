// Convolutions of floats on CUDA devices, and the ways in which they are computed.
#pragma once

#include <string>

#include "kernels/conv/conv.h"
#include "kernels/conv/conv_cuda.h"
#include "kernels/device_kernel.h"

namespace mica {

/// A convolution at concrete dims; with `x_last` and `y_last` channels lie behind the spatial axes.
struct DeviceConv {
  ConvGeometry g;
  cuda::ConvCall call;
  bool x_last, y_last;
};

/// On the plain arithmetic units, in the type of the operands.
void convolve_plainly(const DeviceConv& conv, const DeviceOperands& io);

/// Which way launch_conv and launch_int8_conv go.
std::string explain_plain_conv(const cuda::ConvShape& shape);

/// On tensor cores: images, which are brought into the type of the weights, by weights made by one of the functions
/// below, of which conv.call.w has what they were made to.
void convolve_on_tensor_cores(const DeviceConv& conv, const DeviceOperands& io);

/// For DeviceKernel::form: weights [filters, channels, taps...] as [filters, taps, channels], these filled up with
/// zeros to whole vectors of 8 or, of bytes, 16. Floats become bfloat16, or stay what they are.
Tensor filters_in_brain(const Tensor& weights);
Tensor filters_by_taps(const Tensor& weights);

/// For DeviceKernel::accepts, of parameters that begin with ConvParams: up to three spatial axes, all inputs of these
/// types, and groups that are worth tiles. `weights` is the input with these.
DeviceKernel::Accepts takes_tiles(DTypeSet types, size_t weights = 1);

}  // namespace mica
