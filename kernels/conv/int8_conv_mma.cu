// Convolutions of bytes on tensor cores, exactly in int32. Outside of images windows see their zero point, which makes
// nothing of whatever it is multiplied by.
#include "kernels/conv/conv_mma_tile.cuh"
#include "kernels/conv/int8_conv_epilogue.cuh"
#include "kernels/quant/byte_mma.cuh"

namespace mica::cuda {
namespace {

struct Call {
  Int8ConvCall conv;
  Divisor by_vectors;     // of a tap
  int32_t split_vectors;  // of the windows' vectors, to each part of k
  int32_t* parts;         // of the matrix that is stored, one for each part of k; null where k is whole
};

__global__ void byte_images_kernel(const __grid_constant__ ByteImagesCall call) {
  constexpr int kVector = kMmaVectorBytes;
  const uint8_t zero = static_cast<uint8_t>(zero_at(call.zero, 0));
  const int64_t count = image_vectors(call, kVector);
  for (int64_t i = first_element(); i < count; i += element_stride()) {
    const ImageVector vector = image_vector(call, i, kVector);
    const uint8_t* from = static_cast<const uint8_t*>(call.x) + vector.from;
    union {
      uint8_t bytes[kVector];
      int4 whole;
    } gathered;
#pragma unroll
    for (int j = 0; j < kVector; ++j) {
      gathered.bytes[j] = vector.channel + j < call.channels ? from[j * call.x_channel] : zero;
    }
    static_cast<int4*>(call.y)[vector.to] = gathered.whole;
  }
}

__device__ void store_run_of(const Int8ConvCall& call, uint32_t pixel, int32_t filter, int count,
                             const EightInts& sums) {
  const int64_t place = conv_output(call, pixel, filter);
#pragma unroll 1
  for (int i = 0; i < count; ++i) store_int8_conv(call, place + i, filter + (call.y_channel == 1 ? i : 0), sums.of[i]);
}

// Stores eight neighbours of a row, of which `row_sum` and `column_sums` are the sums of the operands' lines. Not
// inlined: a thread of the larger tile has eight of them.
template <bool pixel_rows>
__device__ __noinline__ void finish(const Call& call, const ConvTilePlace& place, int32_t group, int64_t row,
                                    int64_t column, int32_t row_sum, const int32_t* column_sums, const ByteDepth& depth,
                                    EightInts values) {
  const Int8ConvCall& conv = call.conv;
  const SignedZero zero_x = signed_zero(conv.x_by.zero, 0, conv.x_number);
  const int32_t first = group * conv.filters;
#pragma unroll
  for (int j = 0; j < 8; ++j) {
    const int32_t filter = first + static_cast<int32_t>(pixel_rows ? column + j : row);
    const SignedZero zero_w = signed_zero(conv.w_by.zero, filter, conv.w_number);
    values.of[j] = without_zeros(values.of[j], row_sum, column_sums[j], pixel_rows ? zero_x : zero_w,
                                 pixel_rows ? zero_w : zero_x, depth.count, depth.filled);
  }
  if (call.parts != nullptr) {
    int32_t* part = call.parts + (blockIdx.z * place.rows + row) * place.columns + column;
    return store_part(part, clamp_count(place.columns - column, 8), values);
  }
  store_run<pixel_rows>(conv, place, row, column, values,
                        [&](uint32_t pixel, int32_t filter, int run, const EightInts& of_run) {
                          store_run_of(conv, pixel, first + filter, run, of_run);
                        });
}

template <class Tile, bool pixel_rows>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks) int8_conv_kernel(const __grid_constant__ Call call) {
  using Product = ByteProduct<Tile>;
  if constexpr (!Product::kPossible) return;
  const Int8ConvCall& conv = call.conv;
  const ConvTilePlace place = conv_tile_place<Tile, pixel_rows>(conv);
  const int32_t all = conv.channels / kMmaVectorBytes * conv.taps;
  const int32_t first = static_cast<int32_t>(blockIdx.z) * call.split_vectors;
  const int32_t end = all - first < call.split_vectors ? all : first + call.split_vectors;
  const int32_t count = static_cast<int32_t>(blocks_for(end - first, kMmaVectors)) * kMmaVectors * kMmaVectorBytes;
  const ByteDepth depth{count, count - (end - first) * kMmaVectorBytes};
  const uint32_t outside = static_cast<uint32_t>(zero_at(conv.x_by.zero, 0) & 0xff) * kFourOnes;
  for (int32_t group = static_cast<int32_t>(blockIdx.y); group < conv.groups;
       group += static_cast<int32_t>(gridDim.y)) {
    MmaSums<Tile, int32_t> sums = {};
    Product product(pixel_rows ? conv.x_number : conv.w_number, pixel_rows ? conv.w_number : conv.x_number);
    multiply_windows<uint8_t, Tile, pixel_rows>(call, place, group, first, end, outside, product, sums);
    product.share_sums();

    const int across = run_column<Tile>();
    const int64_t column = place.column + across;
    for_each_run<Tile>(sums, [&](int down, const EightInts& values) {
      const int64_t row = place.row + down;
      if (row >= place.rows || column >= place.columns) return;
      finish<pixel_rows>(call, place, group, row, column, Product::row_sum(down), Product::column_sums(across), depth,
                         values);
    });
    __syncthreads();  // before shared memory has tiles again
  }
}

// Sums up the parts of a convolution of one group.
template <bool pixel_rows>
__global__ void join_int8_conv_kernel(const __grid_constant__ Call call, int parts) {
  const int64_t pixels = static_cast<int64_t>(call.conv.batch) * call.conv.outputs, filters = call.conv.filters;
  const int64_t columns = pixel_rows ? filters : pixels, elements = pixels * filters;
  for (int64_t i = first_element(); i < elements; i += element_stride()) {
    uint32_t sum = 0;
    for (int part = 0; part < parts; ++part) sum += static_cast<uint32_t>(call.parts[part * elements + i]);
    const int64_t row = i / columns, column = i - row * columns;
    const int32_t filter = static_cast<int32_t>(pixel_rows ? column : row);
    const int64_t place = conv_output(call.conv, static_cast<uint32_t>(pixel_rows ? row : column), filter);
    store_int8_conv(call.conv, place, filter, static_cast<int32_t>(sum));
  }
}

template <bool pixel_rows>
void launch_layout(const Call& call, const MmaCut& cut, void* stream) {
  using Large = MmaTile<128, 128, 64>;
  using Small = MmaTile<64, 64, 32>;
  if (cut.rows == 128) {
    launch(int8_conv_kernel<Large, pixel_rows>, conv_mma_grid<Large>(call.conv, pixel_rows, cut), stream, call);
  } else {
    launch(int8_conv_kernel<Small, pixel_rows>, conv_mma_grid<Small>(call.conv, pixel_rows, cut), stream, call);
  }
  if (cut.splits == 1) return;
  const int64_t elements = static_cast<int64_t>(call.conv.batch) * call.conv.outputs * call.conv.filters;
  launch(join_int8_conv_kernel<pixel_rows>, over_elements(elements), stream, call, cut.splits);
}

}  // namespace

void launch_byte_images(const ByteImagesCall& call, void* stream) {
  const int64_t vectors = image_vectors(call, kMmaVectorBytes);
  if (vectors > 0) launch(byte_images_kernel, over_elements(vectors), stream, call);
}

void launch_int8_conv_mma(const Int8ConvCall& conv, const MmaCut& cut, int32_t* workspace, void* stream) {
  if (int64_t{1} * conv.batch * conv.outputs * conv.all_filters() == 0) return;
  const int32_t per_tap = conv.channels / kMmaVectorBytes;
  const Call call{conv, Divisor(static_cast<uint32_t>(per_tap > 0 ? per_tap : 1)),
                  static_cast<int32_t>(cut.split_depth / kMmaVectorBytes), cut.splits > 1 ? workspace : nullptr};
  if (conv.y_channel == 1) return launch_layout<true>(call, cut, stream);
  launch_layout<false>(call, cut, stream);
}

}  // namespace mica::cuda
