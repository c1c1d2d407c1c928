#include "kernels/conv/int8_conv.h"

#include <cstring>

#include "kernels/conv/window_rows.h"

namespace mica {
namespace {

// Most rows of small images are shorter than a call of memcpy is long.
void copy_row(uint8_t* to, const uint8_t* from, size_t count) {
  if (count < sizeof(uint64_t) || count > 2 * sizeof(uint64_t)) {
    std::memcpy(to, from, count);
    return;
  }
  uint64_t first, last;  // which overlap
  std::memcpy(&first, from, sizeof first);
  std::memcpy(&last, from + count - sizeof last, sizeof last);
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + count - sizeof last, &last, sizeof last);
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
  const size_t sums_begin = PackedFilters::sums_begin(layout, count);
  PackTask task;
  task.form = "rows of filters";
  task.bytes = sums_begin + static_cast<size_t>(count) * sizeof(int32_t);
  task.parts = count;
  task.fill = [layout, sums_begin](const Tensor& filters, std::byte* to, int64_t begin, int64_t end) {
    int32_t* sums = reinterpret_cast<int32_t*>(to + sums_begin);
    const uint8_t flip = left_flip(filters.dtype() == DType::I8);
    for (int64_t i = begin; i < end; ++i) {
      sums[i] =
          int8_kernels().pack_row(filters.data<uint8_t>() + i * layout.k, 1, layout.k, flip, to + i * layout.pitch);
    }
  };
  return std::make_shared<PackedFilters>(PackedFilters{layout, count, pack(*w, std::move(task))});
}

Int8Conv::Int8Conv(const Operands& io, const ConvGeometry& g, const Int8ConvOperands& operands,
                   const PackedFilters* packed)
    : g_(g),
      x_(operands.x.data<uint8_t>()),
      x_signed_(operands.x.dtype() == DType::I8),
      padding_(operands.x_zero != nullptr && operands.x_zero->elements() == 1 ? *operands.x_zero->data<uint8_t>() : 0),
      row_layout_(g.channels * g.taps()),
      width_(chunk_width(g, io.threads().threads())),
      chunks_(g.outputs() > 0 ? (g.outputs() + width_ - 1) / width_ : 0),
      tasks_(g.batch * g.groups * chunks_),
      workers_(std::min<int64_t>(tasks_, io.threads().threads())),
      panels_(row_layout_.k, width_) {
  const Tensor& w = operands.w;
  const int64_t filters = g.groups * g.filters;
  w_zeros_ = repeat_zeros(io, operands.w_zero, filters, 1, filters, filters, left_shift(w.dtype() == DType::I8));
  const int32_t* rests;
  if (packed != nullptr) {
    int32_t* own = io.scratch<int32_t>(filters);
    for (int64_t i = 0; i < filters; ++i) {
      own[i] = static_cast<int32_t>(packed->sums()[i] - row_layout_.k * w_zeros_.all[i]);
    }
    filters_ = packed->rows();
    rests = own;
  } else {
    const ByteMatrices rows{w.data<uint8_t>(), row_layout_.k, 1, 1, 0, w.dtype() == DType::I8};
    const PackedRows packed_rows = pack_left(io, rows, filters, row_layout_, w_zeros_);
    filters_ = packed_rows.data;
    rests = packed_rows.rests;
  }
  const ZeroPoints x_zeros = repeat_zeros(io, operands.x_zero, 1, 1, 1, 1, right_shift(x_signed_));
  int32_t* start = io.scratch<int32_t>(filters);
  zero_products(rests, filters, x_zeros, start);
  for (int64_t i = 0; operands.bias != nullptr && i < filters; ++i) {
    start[i] = static_cast<int32_t>(static_cast<uint32_t>(start[i]) + static_cast<uint32_t>(operands.bias[i]));
  }
  row_start_ = start;
  windows_ = is_pointwise(g) ? nullptr : io.scratch<uint8_t>(workers_ * row_layout_.k * width_);
  packed_ = io.scratch<std::byte>(workers_ * panels_.bytes);
  column_start_ = io.scratch<int32_t>(workers_ * panels_.padded_n);
}

Int8Conv::Buffers Int8Conv::buffers(int64_t worker) const {
  return {windows_ != nullptr ? windows_ + worker * row_layout_.k * width_ : nullptr, packed_ + worker * panels_.bytes,
          column_start_ + worker * panels_.padded_n};
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
  const PanelLayout layout(row_layout_.k, count);
  pack_right(nullptr, b, layout, to.panels);
  zero_products(layout.sums(to.panels), layout.padded_n, w_zeros_, to.column_start);
}

// Row (channel, tap) of `windows` gets the elements that the tap sees at `count` positions.
void Int8Conv::gather(const uint8_t* image, int64_t position, int64_t count, uint8_t* windows) const {
  const int64_t stride = g_.axes[g_.rank - 1].stride;
  const int64_t taps = g_.taps();
  const int64_t plane = g_.inputs();
  for_each_window_row(g_, position, count, [&](const WindowRow& row) {
    for (int64_t c = 0; c < g_.channels; ++c) {
      uint8_t* to = windows + (c * taps + row.tap) * count + row.first;
      if (row.begin > 0) std::memset(to, padding_, static_cast<size_t>(row.begin));
      if (row.end < row.count) std::memset(to + row.end, padding_, static_cast<size_t>(row.count - row.end));
      if (row.begin == row.end) continue;
      const uint8_t* source = image + c * plane + row.from;
      if (stride == 1) {
        copy_row(to + row.begin, source, static_cast<size_t>(row.end - row.begin));
      } else if (stride == 2) {
        for (int64_t i = row.begin; i < row.end; ++i) to[i] = source[(i - row.begin) * 2];
      } else {
        for (int64_t i = row.begin; i < row.end; ++i) to[i] = source[(i - row.begin) * stride];
      }
    }
  });
}

Int8Piece Int8Conv::multiply(int64_t task, int64_t block, const Buffers& from, Int8Piece::Sums& sums) const {
  const int64_t position = task % chunks_ * width_;
  const PanelLayout panels(row_layout_.k, std::min(width_, g_.outputs() - position));
  const int64_t first = task / chunks_ % g_.groups * g_.filters;
  const Int8Product product{.a = filters_ + first * row_layout_.pitch,
                            .b = from.panels,
                            .row_start = row_start_ + first,
                            .column_start = from.column_start,
                            .a_zero = w_zeros_.uniform ? nullptr : w_zeros_.all + first,
                            .a_rest = nullptr,
                            .b_zero = nullptr};
  Int8Piece piece =
      multiply_piece(product, row_layout_, panels, g_.filters, block * int8_kernels().rows, 0, panels.panels, sums);
  piece.column += position;
  return piece;
}

}  // namespace mica
