#include "kernels/conv/winograd.h"

#include <algorithm>
#include <array>

#include "backends/cpu/caches.h"
#include "backends/cpu/thread_pool.h"
#include "kernels/conv/winograd_simd.h"
#include "kernels/matmul/activate_simd.h"
#include "kernels/matmul/bf16_pack_simd.h"
#include "kernels/matmul/bf16_tile_simd.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/gemm_kernels.h"
#include "kernels/matmul/gemm_plan.h"
#include "kernels/matmul/tile_simd.h"
#include "kernels/round_up.h"

namespace mica {
namespace {

constexpr int kTile = 4, kOutputs = 2;
constexpr int64_t kValues = kWinogradValues;
static_assert(kValues == kTile * kTile);

// Elements from one row to the next that keep rows of tiles out of each other's sets of the first-level cache.
int64_t row_of(int64_t width) {
  const int64_t row = round_up(width, kPanel);
  return row % (8 * kPanel) == 0 ? row + kPanel : row;
}

// The same from one value to the next: an odd number of lines.
int64_t value_of(int64_t tiles, int64_t row) {
  const int64_t lines = tiles * row / kPanel;
  return (lines + 1 - lines % 2) * kPanel;
}

class Winograd {
 public:
  Winograd(const ConvGeometry& g, const FloatConv& conv, const float* packed, bool in_bf16, const float* zeros)
      : g_(g),
        conv_(conv),
        packed_(packed),
        in_bf16_(in_bf16),
        depth_(in_bf16 ? g.channels / 2 : g.channels),
        zeros_(zeros),
        lines_((g.axes[0].output + kOutputs - 1) / kOutputs),
        columns_((g.axes[1].output + kOutputs - 1) / kOutputs),
        x_row_(row_of(depth_)),
        y_row_(row_of(g.filters)) {
    if (in_bf16) kernels_.tile = &bf16_tile_kernels();
  }

  int64_t bytes_of_weights() const {
    return kValues * packed_elements(depth_, g_.filters) * static_cast<int64_t>(sizeof(float));
  }

  /// Of all images.
  int64_t tiles() const { return g_.batch * lines_ * columns_; }
  int64_t bytes_of_tile() const { return kValues * (x_row_ + y_row_) * static_cast<int64_t>(sizeof(float)); }
  /// Elements of scratch for so many tiles.
  int64_t scratch(int64_t tiles) const { return kValues * (value_of(tiles, x_row_) + value_of(tiles, y_row_)); }

  /// Tiles `first` to `first + count`, whose transforms are in `scratch`, in three steps. The first and the last are
  /// for tiles begin to end of these, the second is for each of the values.
  struct Block {
    int64_t first, count;
    float* scratch;
  };
  void transform(const Block& block, int64_t begin, int64_t end) const {
    const int64_t value = value_of(block.count, x_row_);
    for (int64_t i = begin; i < end; ++i) {
      const auto elements = elements_of(block.first + i);
      float* to = block.scratch + i * x_row_;
      in_bf16_ ? transform_to_pairs(elements, to, value)
               : winograd_kernels().input(elements.data(), g_.channels, to, value);
    }
  }
  void multiply(const Block& block, int64_t f) const {
    Product p{block.count, g_.filters, depth_};
    p.a = {block.scratch + f * value_of(block.count, x_row_), x_row_, 1};
    p.packed_b = packed_ + f * packed_elements(depth_, g_.filters);
    p.c = sums(block) + f * value_of(block.count, y_row_);
    p.c_row = y_row_;
    gemm(kernels_, p, nullptr);  // rows that lie well need no scratch
  }
  void finish(const Block& block, int64_t begin, int64_t end) const {
    WinogradOutput call{};
    call.value = value_of(block.count, y_row_);
    call.filters = g_.filters;
    call.y_row = g_.axes[1].output * g_.filters;
    call.y_column = g_.filters;
    call.bias = conv_.bias;
    call.bounds = bounds_of(conv_.epilogue);
    const bool activates = is_separate(conv_.epilogue.activation);
    for (int64_t i = begin; i < end; ++i) {
      const Place place = place_of(block.first + i);
      call.sums = sums(block) + i * y_row_;
      call.rows = static_cast<int>(std::min<int64_t>(kOutputs, g_.axes[0].output - place.line));
      call.columns = static_cast<int>(std::min<int64_t>(kOutputs, g_.axes[1].output - place.column));
      const int64_t at = place.image * g_.outputs() * g_.filters + place.line * call.y_row + place.column * g_.filters;
      call.y = conv_.y + at;
      call.addend = conv_.addend != nullptr ? conv_.addend + at : nullptr;
      winograd_kernels().output(call);
      for (int row = 0; activates && row < call.rows; ++row) {
        activate_kernels().activate(conv_.epilogue, call.y + row * call.y_row, g_.filters, call.columns, g_.filters);
      }
    }
  }

 private:
  // The first output of a tile.
  struct Place {
    int64_t image, line, column;
  };
  Place place_of(int64_t tile) const {
    return {tile / (lines_ * columns_), tile / columns_ % lines_ * kOutputs, tile % columns_ * kOutputs};
  }

  using Elements = std::array<const float*, kValues>;

  void transform_to_pairs(Elements elements, float* to, int64_t value) const {
    constexpr int64_t kChannels = 64;
    float floats[kValues * kChannels];
    for (int64_t c = 0; c < g_.channels; c += kChannels) {
      const int64_t count = std::min(kChannels, g_.channels - c);
      winograd_kernels().input(elements.data(), count, floats, kChannels);
      for (int64_t f = 0; f < kValues; ++f) {
        bf16_pack_kernels().row(floats + f * kChannels, count, to + f * value + c / 2);
      }
      for (const float*& x : elements) x += count;
    }
  }

  Elements elements_of(int64_t tile) const {
    const Place place = place_of(tile);
    const float* image = conv_.x + place.image * g_.inputs() * g_.channels;
    Elements elements;
    for (int i = 0; i < kTile; ++i) {
      const int64_t line = g_.axes[0].start(place.line) + i;
      for (int j = 0; j < kTile; ++j) {
        const int64_t column = g_.axes[1].start(place.column) + j;
        const bool inside = line >= 0 && line < g_.axes[0].input && column >= 0 && column < g_.axes[1].input;
        elements[static_cast<size_t>(i * kTile + j)] =
            inside ? image + (line * g_.axes[1].input + column) * g_.channels : zeros_;
      }
    }
    return elements;
  }

  float* sums(const Block& block) const { return block.scratch + kValues * value_of(block.count, x_row_); }

  const ConvGeometry& g_;
  const FloatConv& conv_;
  const float* packed_;
  bool in_bf16_;
  int64_t depth_;  ///< channels, or pairs of them
  GemmKernels kernels_;
  const float* zeros_;
  int64_t lines_, columns_;  ///< of tiles
  int64_t x_row_, y_row_;    ///< from one transformed tile to the next
};

// Each thread takes its share of the tiles, in blocks whose transforms stay in its second-level cache.
void run_apart(const Operands& io, const Winograd& winograd, int64_t parts) {
  const int64_t tiles = winograd.tiles();
  const int64_t most = std::max<int64_t>(24, cache_sizes().l2 * 5 / 8 / winograd.bytes_of_tile());
  const int64_t share = (tiles + parts - 1) / parts, blocks = (share + most - 1) / most;
  const int64_t largest = (share + blocks - 1) / blocks, each = winograd.scratch(largest);
  float* scratch = io.scratch<float>(each * parts);
  io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t until = std::min(tiles, (part + 1) * share);
      for (int64_t first = part * share; first < until; first += largest) {
        const Winograd::Block block{first, std::min(largest, until - first), scratch + part * each};
        winograd.transform(block, 0, block.count);
        for (int64_t f = 0; f < kValues; ++f) winograd.multiply(block, f);
        winograd.finish(block, 0, block.count);
      }
    }
  });
}

// All tiles at once, each step shared: every thread reads the weights of some of the values.
void run_together(const Operands& io, const Winograd& winograd) {
  const int64_t tiles = winograd.tiles();
  const Winograd::Block block{0, tiles, io.scratch<float>(winograd.scratch(tiles))};
  io.threads().parallel_for(tiles, 1, [&](int64_t begin, int64_t end) { winograd.transform(block, begin, end); });
  io.threads().parallel_for(kValues, 1, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; ++f) winograd.multiply(block, f);
  });
  io.threads().parallel_for(tiles, 1, [&](int64_t begin, int64_t end) { winograd.finish(block, begin, end); });
}

}  // namespace

bool winograd_pays(int64_t channels, int64_t filters) {
  return channels >= 16 && filters >= 16;
}

void convolve_winograd(const Operands& io, const ConvGeometry& g, const FloatConv& conv, const float* packed,
                       bool in_bf16) {
  float* zeros = io.scratch<float>(g.channels);
  std::fill_n(zeros, g.channels, 0.0f);
  const Winograd winograd(g, conv, packed, in_bf16, zeros);
  const int64_t tiles = winograd.tiles();
  const double work = static_cast<double>(kValues * tiles) * 2 * static_cast<double>(g.channels * g.filters);
  const auto parts = static_cast<int64_t>(std::clamp<double>(work / kWorthACore, 1, io.threads().threads()));
  // Weights from beyond the second-level cache are read once only where few tiles make use of them.
  const bool few = winograd.bytes_of_weights() > cache_sizes().l2 && tiles < 48 * parts;
  parts > 1 && few ? run_together(io, winograd) : run_apart(io, winograd, parts);
}

}  // namespace mica
