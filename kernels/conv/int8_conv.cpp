#include "kernels/conv/int8_conv.h"

#include <cstring>

namespace mica {
namespace {

// Whether the windows are the image itself: one tap, and each position once.
bool is_pointwise(const ConvGeometry& g) {
  bool pointwise = true;
  for (size_t i = 0; i < g.rank; ++i) {
    const WindowAxis& axis = g.axes[i];
    pointwise = pointwise && axis.kernel == 1 && axis.stride == 1 && axis.pad == 0 && axis.input == axis.output;
  }
  return pointwise;
}

// Positions that are handled at a time: as many as give every thread some tasks, and whole panels.
int64_t chunk_width(const ConvGeometry& g, int threads) {
  const int64_t columns = int8_kernels().columns;
  const int64_t share = g.outputs() * g.batch * g.groups / (2 * threads) / columns * columns;
  return std::min(g.outputs(), std::clamp(share, columns, Int8Piece::kWidth));
}

}  // namespace

std::shared_ptr<const PackedFilters> pack_filters(const Tensor* w) {
  if (w == nullptr || w->shape().rank() < 3) return nullptr;
  const int64_t count = w->shape()[0];
  const RowLayout layout(w->shape().elements(1, w->shape().rank()));
  auto packed = std::make_shared<PackedFilters>(
      PackedFilters{layout, Tensor(DType::U8, {count * layout.pitch}), Tensor(DType::I32, {count})});
  std::byte* rows = packed->rows.mutable_data<std::byte>();
  for (int64_t i = 0; i < count; ++i) {
    packed->sums.mutable_data<int32_t>()[i] = int8_kernels().pack_row(
        w->data<uint8_t>() + i * layout.k, 1, layout.k, left_flip(w->dtype() == DType::I8), rows + i * layout.pitch);
  }
  return packed;
}

Int8Conv::Int8Conv(const Operands& io, const ConvGeometry& g, const Tensor& x, const Tensor* x_zero, const Tensor& w,
                   const Tensor* w_zero, const PackedFilters* packed)
    : g_(g),
      x_(x.data<uint8_t>()),
      x_signed_(x.dtype() == DType::I8),
      padding_(x_zero != nullptr && x_zero->elements() == 1 ? *x_zero->data<uint8_t>() : 0),
      row_layout_(g.channels * g.taps()),
      width_(chunk_width(g, io.threads().threads())),
      chunks_(g.outputs() > 0 ? (g.outputs() + width_ - 1) / width_ : 0),
      tasks_(g.batch * g.groups * chunks_),
      workers_(std::min<int64_t>(tasks_, io.threads().threads())),
      panels_(row_layout_.k, width_) {
  if (x_zero != nullptr && x_zero->elements() != 1) bad_input("zero point " + x_zero->str() + " is not one number");
  const int64_t filters = g.groups * g.filters;
  const int32_t* w_zeros = repeat_zeros(io, w_zero, filters, 1, filters, filters, left_shift(w.dtype() == DType::I8));
  if (packed != nullptr) {
    int32_t* rests = io.scratch<int32_t>(filters);
    for (int64_t i = 0; i < filters; ++i) {
      rests[i] = static_cast<int32_t>(packed->sums.data<int32_t>()[i] - row_layout_.k * w_zeros[i]);
    }
    filters_ = {packed->rows.data<std::byte>(), w_zeros, rests};
  } else {
    const ByteMatrices rows{w.data<uint8_t>(), row_layout_.k, 1, 1, 0, w.dtype() == DType::I8};
    filters_ = pack_left(io, rows, filters, row_layout_, w_zeros);
  }
  x_zeros_ = repeat_zeros(io, x_zero, 1, 1, panels_.padded_n, panels_.padded_n, right_shift(x_signed_));
  windows_ = is_pointwise(g) ? nullptr : io.scratch<uint8_t>(workers_ * row_layout_.k * width_);
  packed_ = io.scratch<std::byte>(workers_ * panels_.bytes);
}

Int8Conv::Buffers Int8Conv::buffers(int64_t worker) const {
  return {windows_ != nullptr ? windows_ + worker * row_layout_.k * width_ : nullptr, packed_ + worker * panels_.bytes};
}

void Int8Conv::load(int64_t task, const Buffers& to) const {
  const uint8_t* image = x_ + task / chunks_ * g_.channels * g_.inputs();
  const int64_t position = task % chunks_ * width_;
  const int64_t count = std::min(width_, g_.outputs() - position);
  ByteMatrices b{image + position, g_.inputs(), 1, 1, 0, x_signed_};
  if (to.windows != nullptr) {
    gather(image, position, count, to.windows);
    b.data = to.windows;
    b.row = count;
  }
  pack_right(nullptr, b, PanelLayout(row_layout_.k, count), to.panels);
}

// Row (channel, tap) of `windows` gets the elements that the tap sees at `count` positions. These are taken in runs
// along the last axis, between whose ends the elements are `stride` apart in one row of the image.
void Int8Conv::gather(const uint8_t* image, int64_t position, int64_t count, uint8_t* windows) const {
  const size_t last = g_.rank - 1;
  const WindowAxis& axis = g_.axes[last];
  const int64_t taps = g_.taps();
  const int64_t plane = g_.inputs();
  for (int64_t done = 0; done < count;) {
    SpatialIndex at{};
    int64_t rest = position + done;
    for (size_t i = g_.rank; i-- > 0;) {
      at[i] = rest % g_.axes[i].output;
      rest /= g_.axes[i].output;
    }
    const int64_t run = std::min(count - done, axis.output - at[last]);
    SpatialIndex k{};
    int64_t tap = 0;
    do {
      int64_t row = 0;  // of the image
      bool inside = true;
      for (size_t i = 0; i < last; ++i) {
        const int64_t place = g_.axes[i].start(at[i]) + k[i] * g_.axes[i].dilation;
        inside = inside && place >= 0 && place < g_.axes[i].input;
        row = row * g_.axes[i].input + place;
      }
      const Range seen = axis.outputs_of(k[last]);
      const int64_t begin = inside ? std::clamp(seen.begin - at[last], int64_t{0}, run) : run;
      const int64_t end = inside ? std::clamp(seen.end - at[last], begin, run) : run;
      const int64_t from = row * axis.input + axis.start(at[last] + begin) + k[last] * axis.dilation;
      for (int64_t c = 0; c < g_.channels; ++c) {
        uint8_t* to = windows + (c * taps + tap) * count + done;
        std::memset(to, padding_, static_cast<size_t>(begin));
        std::memset(to + end, padding_, static_cast<size_t>(run - end));
        if (begin == end) continue;
        const uint8_t* source = image + c * plane + from;
        if (axis.stride == 1) {
          std::memcpy(to + begin, source, static_cast<size_t>(end - begin));
        } else {
          for (int64_t i = begin; i < end; ++i) to[i] = source[(i - begin) * axis.stride];
        }
      }
      ++tap;
    } while (next_position(k, g_, g_.rank, &WindowAxis::kernel));
    done += run;
  }
}

Int8Piece Int8Conv::multiply(int64_t task, int64_t block, const Buffers& from, Int8Piece::Sums& sums) const {
  const int64_t position = task % chunks_ * width_;
  const PanelLayout panels(row_layout_.k, std::min(width_, g_.outputs() - position));
  const int64_t first = task / chunks_ % g_.groups * g_.filters;
  const Int8Product product{{filters_.data + first * row_layout_.pitch, filters_.zeros + first, filters_.rests + first},
                            from.panels,
                            x_zeros_};
  Int8Piece piece =
      multiply_piece(product, row_layout_, panels, g_.filters, block * int8_kernels().rows, 0, panels.panels, sums);
  piece.column += position;
  return piece;
}

}  // namespace mica
