#include "kernels/conv/conv_mma_kernel.cuh"

namespace mica::cuda {
namespace {

__global__ void images_kernel(const __grid_constant__ ImagesCall call) {
  constexpr int kVector = kMmaVector;
  const int64_t count = image_vectors(call, kVector);
  for (int64_t i = first_element(); i < count; i += element_stride()) {
    const ImageVector vector = image_vector(call, i, kVector);
    const int there = clamp_count(call.channels - vector.channel, kVector);
    write_eight(call.y, call.to, vector.to * kVector, kVector,
                read_eight(call.x, call.from, vector.from, call.x_channel, there));
  }
}

template <bool pixel_rows>
__global__ void join_conv_kernel(const __grid_constant__ ConvMmaCall call, int parts) {
  const int64_t pixels = static_cast<int64_t>(call.conv.batch) * call.conv.outputs;
  const ConvTilePlace place{0, 0, pixel_rows ? pixels : call.conv.filters, pixel_rows ? call.conv.filters : pixels};
  const int64_t across = blocks_for(place.columns, 8);
  for (int64_t i = first_element(); i < place.rows * across; i += element_stride()) {
    const int64_t row = i / across, column = (i - row * across) * 8;
    Eight sum{};
    for (int part = 0; part < parts; ++part) {
      const Eight more = read_eight(call.parts, Number::F32, (part * place.rows + row) * place.columns + column, 1,
                                    clamp_count(place.columns - column, 8));
      for (int j = 0; j < 8; ++j) sum.of[j] += more.of[j];
    }
    store_run<pixel_rows>(call.conv, place, row, column, sum,
                          [&](uint32_t pixel, int32_t filter, int count, const Eight& run) {
                            store_conv(call.conv, pixel, filter, count, run);
                          });
  }
}

}  // namespace

void launch_images(const ImagesCall& call, void* stream) {
  const int64_t vectors = image_vectors(call, kMmaVector);
  if (vectors > 0) launch(images_kernel, over_elements(vectors), stream, call);
}

void join_conv_parts(const ConvMmaCall& call, const MmaCut& cut, bool pixel_rows, void* stream) {
  if (cut.splits == 1) return;
  const int64_t elements = static_cast<int64_t>(call.conv.batch) * call.conv.outputs * call.conv.filters;
  launch(pixel_rows ? join_conv_kernel<true> : join_conv_kernel<false>, over_elements(blocks_for(elements, 8)), stream,
         call, cut.splits);
}

void launch_conv_mma(const ConvCall& conv, Number operands, const MmaCut& cut, float* workspace, void* stream) {
  using Brain = HalfProduct<__nv_bfloat16>;
  if (operands == Number::F16) {
    launch_convolution<uint16_t, HalfProduct<__half>, false>(conv, cut, workspace, stream);
  } else if (conv.y_channel == 1) {
    launch_convolution<uint16_t, Brain, true>(conv, cut, workspace, stream);
  } else {
    launch_convolution<uint16_t, Brain, false>(conv, cut, workspace, stream);
  }
}

}  // namespace mica::cuda
