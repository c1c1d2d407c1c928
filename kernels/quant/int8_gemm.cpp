#include "kernels/quant/int8_gemm.h"

#include "kernels/round_up.h"
#include "runtime/base/concat.h"

namespace mica {

RowLayout::RowLayout(int64_t inner)
    : k(inner),
      padded_k(round_up(k, int8_kernels().depth)),
      pitch(round_up(padded_k * int8_kernels().row_element, alignof(int64_t))) {}

PanelLayout::PanelLayout(int64_t inner, int64_t columns)
    : k(inner),
      n(columns),
      padded_k(round_up(k, int8_kernels().depth)),
      panels((n + int8_kernels().columns - 1) / int8_kernels().columns),
      padded_n(panels * int8_kernels().columns),
      panel_bytes(round_up(padded_k * int8_kernels().columns, alignof(int32_t))),
      bytes(round_up(panels * panel_bytes + padded_n * static_cast<int64_t>(sizeof(int32_t)), 64)) {}

PackedRows pack_left(const Operands& io, const ByteMatrices& a, int64_t rows, const RowLayout& layout,
                     const ZeroPoints& zeros) {
  const int64_t count = a.count * rows;
  std::byte* data = io.scratch<std::byte>(count * layout.pitch);
  int32_t* rests = io.scratch<int32_t>(count);
  const uint8_t flip = left_flip(a.is_signed);
  io.threads().parallel_for(count, 1 + 65536 / (layout.k + 1), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const uint8_t* from = a.data + r / rows * a.pitch + r % rows * a.row;
      const int32_t sum = int8_kernels().pack_row(from, a.column, layout.k, flip, data + r * layout.pitch);
      rests[r] = static_cast<int32_t>(static_cast<int64_t>(sum) - layout.k * zeros.all[r]);
    }
  });
  return {data, rests};
}

void pack_right_panels(const ByteMatrices& b, const PanelLayout& layout, int64_t begin, int64_t end, std::byte* to) {
  const int64_t columns = int8_kernels().columns;
  for (int64_t i = begin; i < end; ++i) {
    std::byte* matrix = to + i / layout.panels * layout.bytes;
    const int64_t panel = i % layout.panels;
    const uint8_t* from = b.data + i / layout.panels * b.pitch + panel * columns * b.column;
    int8_kernels().pack_panel(from, b.row, b.column, layout.k, std::min(columns, layout.n - panel * columns),
                              right_flip(b.is_signed), const_cast<int8_t*>(layout.panel(matrix, panel)),
                              const_cast<int32_t*>(layout.sums(matrix)) + panel * columns);
  }
}

void pack_right(ThreadPool* threads, const ByteMatrices& b, const PanelLayout& layout, std::byte* to) {
  const auto pack = [&](int64_t begin, int64_t end) { pack_right_panels(b, layout, begin, end, to); };
  const int64_t count = b.count * layout.panels;
  if (threads == nullptr) return pack(0, count);
  threads->parallel_for(count, 1 + 32768 / (layout.panel_bytes + 1), pack);
}

void zero_products(const int32_t* sums, int64_t count, const ZeroPoints& other, int32_t* start) {
  const uint32_t factor = other.uniform ? static_cast<uint32_t>(-other.value) : 0;
  for (int64_t i = 0; i < count; ++i) start[i] = static_cast<int32_t>(factor * static_cast<uint32_t>(sums[i]));
}

ZeroPoints repeat_zeros(const Operands& io, const Tensor* zero, int64_t period, int64_t count, int64_t width,
                        int64_t padded, int32_t shift) {
  int32_t* zeros = io.scratch<int32_t>(count * padded);
  const int64_t given = zero != nullptr ? zero->elements() : 1;
  if (given != 1 && given != period && given != count * width) {
    throw_error(ErrorCode::InvalidArgument,
                {"zero point ", zero->str(), " is neither one nor one for each of ", period, " rows or columns"});
  }
  ZeroPoints points{zeros, true, shift};
  const auto fill = [&](auto* from) {
    points.uniform = std::all_of(from, from + given, [&](auto z) { return z == from[0]; });
    if (given > 0) points.value += from[0];
    int64_t next = 0;
    for (int64_t m = 0; m < count; ++m) {
      int32_t* to = zeros + m * padded;
      if (points.uniform) std::fill_n(to, width, points.value);
      for (int64_t i = 0; !points.uniform && i < width; ++i) {
        to[i] = from[next] + shift;
        next = next + 1 == given ? 0 : next + 1;
      }
      std::fill_n(to + width, padded - width, 0);
    }
  };
  constexpr uint8_t kNone = 0;
  if (zero == nullptr) {
    fill(&kNone);
  } else {
    visit_dtype<int8_t, uint8_t>(zero->dtype(), [&]<class T>() { fill(zero->data<T>()); });
  }
  return points;
}

Int8Piece multiply_piece(const Int8Product& product, const RowLayout& rows, const PanelLayout& panels, int64_t m,
                         int64_t row, int64_t first, int64_t last, Int8Piece::Sums& sums) {
  const Int8Kernels& kernels = int8_kernels();
  Int8Tile tile{};
  tile.a = product.a + row * rows.pitch;
  tile.a_pitch = rows.pitch;
  tile.rows = std::min(kernels.rows, m - row);
  tile.k = panels.padded_k;
  tile.row_start = product.row_start + row;
  if (product.a_zero != nullptr) tile.a_zero = product.a_zero + row;
  if (product.b_zero != nullptr) tile.a_rest = product.a_rest + row;
  tile.c = sums;
  tile.c_pitch = Int8Piece::kWidth;
  for (int64_t i = first; i < last; ++i) {
    tile.panel = panels.panel(product.b, i);
    tile.column_start = product.column_start + i * kernels.columns;
    tile.b_sum = panels.sums(product.b) + i * kernels.columns;
    if (product.b_zero != nullptr) tile.b_zero = product.b_zero + i * kernels.columns;
    kernels.multiply(tile);
    tile.c += kernels.columns;
  }
  const int64_t column = first * kernels.columns;
  return {row, tile.rows, column, std::min(last * kernels.columns, panels.n) - column};
}

Int8Tasks::Int8Tasks(int threads, int64_t products, int64_t row_count, const PanelLayout& layout)
    : m(row_count), panels(layout.panels) {
  const Int8Kernels& kernels = int8_kernels();
  blocks = (m + kernels.rows - 1) / kernels.rows;
  const int64_t most = Int8Piece::kWidth / kernels.columns;
  const int64_t wanted = 4 * threads;  // tasks, where one group of panels would make too few
  const int64_t share = products * blocks >= wanted ? most : panels * products * blocks / wanted;
  group = std::clamp<int64_t>(share, 1, most);
  groups = (panels + group - 1) / group;
  count = products * groups * blocks;
  const int64_t work = std::min(m, kernels.rows) * group * kernels.columns * (layout.k + 1);
  grain = 1 + (int64_t{1} << 17) / (work + 1);
}

Int8Piece Int8Tasks::run(int64_t task, const Int8Product& product, const RowLayout& row_layout,
                         const PanelLayout& panel_layout, Int8Piece::Sums& sums) const {
  const int64_t first = task / blocks % groups * group;
  return multiply_piece(product, row_layout, panel_layout, m, task % blocks * int8_kernels().rows, first,
                        std::min(first + group, panels), sums);
}

}  // namespace mica
