#include "kernels/conv/conv_mma_kernel.cuh"

namespace mica::cuda {

void launch_conv_tf32(const ConvCall& conv, const MmaCut& cut, float* workspace, void* stream) {
  if (conv.y_channel == 1) {
    launch_convolution<uint32_t, Tf32Product, true>(conv, cut, workspace, stream);
  } else {
    launch_convolution<uint32_t, Tf32Product, false>(conv, cut, workspace, stream);
  }
}

}  // namespace mica::cuda
