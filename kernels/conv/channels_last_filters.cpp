#include "kernels/conv/channels_last_filters.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/conv/winograd.h"
#include "kernels/matmul/bf16_pack_simd.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/tile_simd.h"
#include "kernels/round_up.h"
#include "runtime/base/unaligned.h"

namespace mica {

ChannelsLastFilters::ChannelsLastFilters(const ConvParams& op, const Shape& weights, bool in_bf16)
    : groups_(op.group),
      filters_(weights[0] / op.group),
      channels_(weights[1]),
      taps_(weights.elements(2, weights.rank())),
      way_(Way::Products),
      in_bf16_(in_bf16) {
  const auto are_ones = [](const std::vector<int64_t>& list) {
    return std::ranges::all_of(list, [](int64_t x) { return x == 1; });
  };
  if (channels_ == 1 && filters_ == 1 && groups_ > 1) {
    way_ = Way::Depthwise;
  } else if (groups_ == 1 && weights.rank() == 4 && weights[2] == 3 && weights[3] == 3 && are_ones(op.strides) &&
             are_ones(op.dilations) && winograd_pays(channels_, filters_)) {
    way_ = Way::Winograd;
  }
}

int64_t ChannelsLastFilters::panels() const {
  return ceil_div(filters_, kPanel);
}

int64_t ChannelsLastFilters::operands() const {
  return way_ == Way::Winograd ? kWinogradValues : 1;
}

int64_t ChannelsLastFilters::depth() const {
  return way_ == Way::Winograd ? channels_ : channels_ * taps_;
}

int64_t ChannelsLastFilters::rows() const {
  return in_bf16_ ? depth() / 2 : depth();
}

int64_t ChannelsLastFilters::elements() const {
  if (way_ == Way::Depthwise) return groups_ * taps_;
  return groups_ * operands() * packed_elements(rows(), filters_);
}

std::string ChannelsLastFilters::form() const {
  const char* ways[] = {"products", "depthwise", "winograd"};
  return std::string("filters of channels last: ") + ways[static_cast<size_t>(way_)] + " of " +
         (in_bf16_ ? "bfloat16" : "floats") + ", groups " + std::to_string(groups_);
}

int64_t ChannelsLastFilters::parts() const {
  return way_ == Way::Depthwise ? 1 : groups_ * panels();
}

void ChannelsLastFilters::pack(const Tensor& w, int64_t begin, int64_t end, float* to) const {
  if (way_ == Way::Depthwise) {
    for (int64_t tap = 0; tap < taps_; ++tap) {
      for (int64_t i = 0; i < groups_; ++i) to[tap * groups_ + i] = element_at<float>(w, i * taps_ + tap);
    }
    return;
  }
  const int64_t filter = channels_ * taps_;  // elements
  std::vector<float> given(static_cast<size_t>(kPanel * filter));
  const int64_t operand = packed_elements(rows(), filters_);
  std::vector<float> floats(static_cast<size_t>(in_bf16_ ? operands() * depth() * kPanel : 0));
  for (int64_t part = begin; part < end; ++part) {
    const int64_t group = part / panels(), j = part % panels() * kPanel;
    const int64_t filters = std::min<int64_t>(kPanel, filters_ - j);
    const std::byte* from = w.data<std::byte>() + (group * filters_ + j) * filter * static_cast<int64_t>(sizeof(float));
    std::memcpy(given.data(), from, static_cast<size_t>(filters * filter) * sizeof(float));
    float* panel = to + group * operands() * operand + j * rows();
    if (!in_bf16_) {
      pack_panel(given.data(), filters, panel, operand);
      continue;
    }
    pack_panel(given.data(), filters, floats.data(), depth() * kPanel);
    for (int64_t i = 0; i < operands(); ++i) {
      bf16_pack_kernels().panel(floats.data() + i * depth() * kPanel, depth(), panel + i * operand);
    }
  }
}

// The panel of up to 16 filters from `w` on in each operand; `operand`: elements from one to the next.
void ChannelsLastFilters::pack_panel(const float* w, int64_t filters, float* to, int64_t operand) const {
  if (way_ == Way::Winograd) return pack_winograd(w, channels_, filters, to, operand);
  std::vector<float> turned(static_cast<size_t>(filters * depth()));  // [filter, tap, channel]
  float* element = turned.data();
  for (int64_t i = 0; i < filters; ++i, w += depth()) {
    for (int64_t tap = 0; tap < taps_; ++tap) {
      for (int64_t c = 0; c < channels_; ++c) *element++ = w[c * taps_ + tap];
    }
  }
  mica::pack({turned.data(), 1, depth()}, depth(), filters, to);
}

const float* ChannelsLastFilters::group(const float* packed, int64_t index) const {
  return packed + index * packed_elements(rows(), filters_);
}

}  // namespace mica
