#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/conv/add_strided.h"
#include "kernels/conv/float_conv.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/tile_simd.h"

namespace mica {
namespace {

// One image's channels of one group: `filters` planes of results from `first` on are the sums, over taps, of
//   columns [filters * taps, positions] = transposed weights * image [channels, positions]
// each row of which is added to the elements that its tap reaches.
class TransposedConv {
 public:
  TransposedConv(const ConvGeometry& g, const FloatConv& conv, const float* packed_image)
      : g_(g), conv_(conv), image_(packed_image) {}

  /// Filters that are computed together: enough rows to make use of the packed image.
  int64_t block() const { return std::clamp<int64_t>(kRows / g_.taps(), 1, g_.filters); }
  /// Positions that are computed together, whole panels.
  int64_t chunk() const {
    const int64_t most = std::max<int64_t>(kPanel, kColumns / (block() * g_.taps()) / kPanel * kPanel);
    return std::min((positions() + kPanel - 1) / kPanel * kPanel, most);
  }

  int64_t columns_elements() const { return block() * g_.taps() * chunk(); }
  int64_t gemm_elements() const {
    const int64_t rest = g_.filters % block();
    const int64_t whole = scratch_elements(product(0, 0, block(), 0, nullptr));
    return rest == 0 ? whole : std::max(whole, scratch_elements(product(0, 0, rest, 0, nullptr)));
  }

  void run(int64_t index, int64_t first, float* columns, float* scratch) const {
    const int64_t count = std::min(block(), g_.filters - first);
    const int64_t group = index % g_.groups, plane = g_.inputs();
    float* y = conv_.y + (index * g_.filters + first) * plane;
    for (int64_t f = 0; f < count; ++f) {
      std::fill_n(y + f * plane, plane, conv_.bias != nullptr ? conv_.bias[group * g_.filters + first + f] : 0);
    }
    for (int64_t position = 0; position < positions(); position += chunk()) {
      const Product p = product(group, first, count, position, columns);
      gemm(p, scratch);
      for (int64_t f = 0; f < count; ++f) scatter(p, position, columns + f * g_.taps() * p.c_row, y + f * plane);
    }
  }

 private:
  static constexpr int64_t kRows = 24;             // of columns, at least, if there are as many
  static constexpr int64_t kColumns = 256 * 1024;  // elements

  int64_t positions() const { return g_.outputs(); }

  Product product(int64_t group, int64_t first, int64_t count, int64_t position, float* columns) const {
    const int64_t taps = g_.taps(), row = g_.filters * taps;
    Product p{count * taps, std::min(chunk(), positions() - position), g_.channels};
    p.a = {conv_.w + group * g_.channels * row + first * taps, 1, row};
    p.packed_b = image_ + position * g_.channels;
    p.c = columns;
    p.c_row = p.n;
    return p;
  }

  void scatter(const Product& p, int64_t position, const float* columns, float* y) const {
    const int64_t stride = g_.axes[g_.rank - 1].stride;
    SpatialIndex k{};
    do {
      for_each_output_run(g_, k, [&](int64_t at, int64_t offset, int64_t count) {
        const int64_t begin = std::max(at, position), end = std::min(at + count, position + p.n);
        add_strided(columns + (begin - position), end - begin, stride, y + offset + (begin - at) * stride);
      });
      columns += p.c_row;
    } while (next_position(k, g_, g_.rank, &WindowAxis::kernel));
  }

  const ConvGeometry& g_;
  const FloatConv& conv_;
  const float* image_;
};

}  // namespace

void convolve_transposed_floats(const Operands& io, const ConvGeometry& g, const FloatConv& conv) {
  const int64_t positions = g.outputs(), channels = g.channels;
  if (g.filters == 0 || g.inputs() == 0) return;
  const int64_t panels = (positions + kPanel - 1) / kPanel;
  float* packed = io.scratch<float>(panels * kPanel * channels);
  const TransposedConv transposed(g, conv, packed);
  const int64_t blocks = (g.filters + transposed.block() - 1) / transposed.block();
  const int64_t parts = std::min<int64_t>(io.threads().threads(), blocks);
  const int64_t columns_each = transposed.columns_elements(),
                scratch_each = (transposed.gemm_elements() + 15) / 16 * 16;
  float* columns = io.scratch<float>(parts * columns_each);
  float* scratch = io.scratch<float>(parts * scratch_each);
  for (int64_t index = 0; index < g.batch * g.groups; ++index) {
    const float* image = conv.x + index * channels * positions;
    io.threads().parallel_for(panels, 64, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * kPanel;
      pack({image + first, positions, 1}, channels, std::min(end * kPanel, positions) - first,
           packed + first * channels);
    });
    io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) {
        for (int64_t block = blocks * part / parts; block < blocks * (part + 1) / parts; ++block) {
          transposed.run(index, block * transposed.block(), columns + part * columns_each,
                         scratch + part * scratch_each);
        }
      }
    });
  }
}

}  // namespace mica
