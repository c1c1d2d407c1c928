#include <array>

#include "kernels/conv/winograd.h"
#include "kernels/matmul/tile_simd.h"

namespace mica {

void pack_winograd(const float* w, int64_t channels, int64_t filters, float* to, int64_t value) {
  constexpr int kTile = 4, kTaps = 3, kAll = kTaps * kTaps;
  // G x for a column or row x, for all filters of a panel: (x0, (x0 + x1 + x2) / 2, (x0 - x1 + x2) / 2, x2).
  using Lanes = std::array<double, kPanel>;
  const auto transform = [](const Lanes& x0, const Lanes& x1, const Lanes& x2, std::array<Lanes, kTile>& y) {
    for (size_t i = 0; i < kPanel; ++i) {
      const double outer = x0[i] + x2[i];
      y[0][i] = x0[i];
      y[1][i] = (outer + x1[i]) / 2;
      y[2][i] = (outer - x1[i]) / 2;
      y[3][i] = x2[i];
    }
  };
  for (int64_t c = 0; c < channels; ++c, to += kPanel) {
    std::array<Lanes, kAll> taps{};
    for (int64_t i = 0; i < filters; ++i) {
      const float* from = w + (i * channels + c) * kAll;
      for (size_t tap = 0; tap < kAll; ++tap) taps[tap][static_cast<size_t>(i)] = static_cast<double>(from[tap]);
    }
    std::array<std::array<Lanes, kTile>, kTaps> columns;  // by column, then row
    for (size_t v = 0; v < kTaps; ++v) transform(taps[v], taps[kTaps + v], taps[2 * kTaps + v], columns[v]);
    for (size_t row = 0; row < kTile; ++row) {
      std::array<Lanes, kTile> values;
      transform(columns[0][row], columns[1][row], columns[2][row], values);
      for (size_t column = 0; column < kTile; ++column) {
        float* panel = to + static_cast<int64_t>(row * kTile + column) * value;
        for (size_t i = 0; i < kPanel; ++i) panel[i] = static_cast<float>(values[column][i]);
      }
    }
  }
}

}  // namespace mica
