#include "kernels/conv/line_conv.h"

#include <algorithm>

#include "backends/cpu/caches.h"
#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/gemm.h"
#include "kernels/shape/transpose_words.h"

namespace mica {
namespace {

// Images with their channels last and with the padding that windows reach written out, so that each window of a line is
// rows of adjacent elements.
class PaddedImages {
 public:
  PaddedImages(const Operands& io, const ConvGeometry& g, const FloatConv& conv)
      : g_(g),
        x_(conv.x),
        first_(conv.x_channels_first),
        width_(extent(g.axes[g.rank - 1])),
        lines_(g.rank == 1 ? 1 : extent(g.axes[0])) {
    const auto fits = [](const WindowAxis& axis) { return axis.pad == 0 && extent(axis) <= axis.input; };
    copies_ = first_ || !fits(g.axes[g.rank - 1]) || (g.rank == 2 && !fits(g.axes[0]));
    if (copies_) {
      padded_ = io.scratch<float>(lines_ * line());
    } else {
      width_ = g.axes[g.rank - 1].input;
    }
  }

  int64_t line() const { return width_ * g_.channels; }  ///< elements from one line to the next
  /// The first line of an image; valid until the next is asked for.
  const float* image(ThreadPool& threads, int64_t index) const {
    const float* from = x_ + index * g_.inputs() * g_.channels;
    if (!copies_) return from;
    const WindowAxis& axis = g_.axes[g_.rank - 1];
    const int64_t left = std::min(axis.pad, width_) * g_.channels;
    const int64_t columns = std::min(axis.input, width_ - left / g_.channels), middle = columns * g_.channels;
    threads.parallel_for(lines_, 64 * 1024 / std::max<int64_t>(line(), 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        float* to = padded_ + i * line();
        const int64_t source = g_.rank == 1 ? 0 : i - g_.axes[0].pad;
        if (source < 0 || (g_.rank == 2 && source >= g_.axes[0].input)) {
          std::fill_n(to, line(), 0.0f);
          continue;
        }
        std::fill_n(to, left, 0.0f);
        if (first_) {
          transpose_words(reinterpret_cast<const uint32_t*>(from) + source * axis.input, g_.inputs(), g_.channels,
                          columns, reinterpret_cast<uint32_t*>(to) + left, g_.channels);
        } else {
          std::copy_n(from + source * axis.input * g_.channels, middle, to + left);
        }
        std::fill_n(to + left + middle, line() - left - middle, 0.0f);
      }
    });
    return padded_;
  }

 private:
  // What all windows reach over.
  static int64_t extent(const WindowAxis& axis) {
    return (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
  }

  const ConvGeometry& g_;
  const float* x_;
  bool first_;  ///< channels come first in x
  int64_t width_, lines_;
  bool copies_ = false;
  float* padded_ = nullptr;
};

}  // namespace

bool goes_by_lines(const ConvGeometry& g) {
  const WindowAxis& axis = g.axes[g.rank - 1];
  const auto weights = static_cast<int64_t>(sizeof(float)) * g.filters * g.channels * g.taps();
  return g.groups == 1 && (axis.dilation == 1 || axis.kernel == 1) && weights <= cache_sizes().l2 / 2 &&
         (axis.output >= 6 || g.rank == 1);
}

void convolve_by_lines(const Operands& io, const GemmKernels& kernels, const ConvGeometry& g, const FloatConv& conv,
                       const float* packed) {
  const WindowAxis& axis = g.axes[g.rank - 1];
  const int64_t lines = g.outputs() / axis.output, line = axis.output * g.filters;
  const PaddedImages images(io, g, conv);
  for (int64_t n = 0; n < g.batch; ++n) {
    const float* image = images.image(io.threads(), n);
    gemm_each(io, kernels, lines, [&](int64_t i) {
      Product p{axis.output, g.filters, g.channels * g.taps()};
      p.a = {image + (g.rank == 1 ? 0 : i * g.axes[0].stride * images.line()), axis.stride * g.channels, 1};
      p.a_pieces = {axis.kernel * g.channels, g.rank == 1 ? 0 : g.axes[0].dilation * images.line()};
      p.packed_b = packed;
      const int64_t first = (n * lines + i) * line;
      p.c = conv.y + first;
      p.c_row = g.filters;
      p.epilogue = conv.epilogue;
      if (conv.bias != nullptr) p.epilogue.addends[0] = {conv.bias, 0, 1};
      if (conv.addend != nullptr) p.epilogue.addends[1] = {conv.addend + first, g.filters, 1};
      return p;
    });
  }
}

}  // namespace mica
