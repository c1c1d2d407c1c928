// Attention by warpgroups against sums in double: sizes that leave tiles partly empty, layouts, masks, and what stands
// behind the keys of a sequence.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <ostream>
#include <random>

#include "backends/cuda/tensor_map.h"
#include "kernels/attention/warpgroup_attention_cuda.h"
#include "runtime/base/half.h"
#include "tests/cuda/kernels/device_test.h"

namespace mica {
namespace {

using cuda::AttentionCall;
using cuda::ScoreMask;

/// A call without its tensors, and what these are like.
struct WarpgroupCase {
  std::string name;
  AttentionCall call;
  bool merged = false;  ///< rows of all heads lie beside each other
  std::vector<cuda::SequenceKeys> sequences = {};
  /// Value of the mask for query i and key j; none where it is empty.
  std::function<float(int64_t i, int64_t j)> mask = {};
};

void PrintTo(const WarpgroupCase& of, std::ostream* out) {
  *out << of.name;
}

AttentionCall call_of(int64_t batch, int64_t heads, int64_t kv_heads, int64_t rows, int64_t keys, int64_t width,
                      int64_t v_width) {
  AttentionCall call{};
  call.number = cuda::Number::F16;
  call.batch = batch;
  call.heads = heads;
  call.kv_heads = kv_heads;
  call.rows = rows;
  call.keys = keys;
  call.width = width;
  call.v_width = v_width;
  call.scale = 1 / std::sqrt(static_cast<float>(width));
  return call;
}

std::vector<WarpgroupCase> all_cases() {
  std::vector<WarpgroupCase> cases;
  const auto add = [&](const std::string& name, AttentionCall call,
                       const std::function<void(WarpgroupCase&)>& change = {}) {
    for (const bool brain : {false, true}) {
      call.number = brain ? cuda::Number::BF16 : cuda::Number::F16;
      cases.push_back({name + (brain ? "_brain" : "_half"), call});
      if (change) change(cases.back());
    }
  };
  const auto causal = [](WarpgroupCase& of) { of.call.causal = true; };
  add("one_tile", call_of(1, 1, 1, 128, 128, 64, 64));
  add("odd_sizes", call_of(1, 2, 2, 131, 297, 64, 64));
  add("wide", call_of(1, 1, 1, 200, 300, 128, 128));
  add("narrow", call_of(1, 1, 1, 70, 260, 32, 32));
  add("in_between", call_of(1, 1, 1, 129, 140, 96, 72));
  add("wide_values", call_of(1, 1, 1, 65, 129, 32, 104));
  add("narrow_values", call_of(1, 1, 1, 65, 129, 128, 8));
  add("one_key", call_of(2, 1, 1, 130, 1, 64, 64));
  add("one_query", call_of(1, 1, 1, 1, 127, 64, 64));
  add("many_tiles", call_of(1, 1, 1, 64, 900, 64, 64));
  add("groups", call_of(2, 6, 2, 66, 150, 64, 64));
  add("merged", call_of(2, 3, 1, 140, 140, 64, 64), [](WarpgroupCase& of) { of.merged = true; });
  add("causal", call_of(1, 1, 1, 300, 300, 128, 128), causal);
  add("causal_with_few_keys", call_of(1, 1, 1, 200, 100, 64, 64), causal);
  add("causal_with_past", call_of(1, 1, 1, 140, 297, 64, 64), [](WarpgroupCase& of) {
    of.call.causal = true;
    of.call.offset = 157;
  });
  add("window", call_of(1, 1, 1, 290, 290, 64, 64), [](WarpgroupCase& of) {
    of.call.causal = true;
    of.call.window = 40;
  });
  add("softcap", call_of(1, 1, 1, 70, 135, 64, 64), [](WarpgroupCase& of) { of.call.softcap = 0.5f; });
  add("negative_scale", call_of(1, 1, 1, 70, 135, 64, 64), [](WarpgroupCase& of) { of.call.scale = -0.3f; });
  add("zero_sinks", call_of(1, 1, 1, 70, 135, 64, 64), [](WarpgroupCase& of) { of.call.zero_sinks = true; });
  add("sequences", call_of(4, 1, 1, 130, 300, 64, 64), [](WarpgroupCase& of) {
    of.sequences = {{300, 170}, {0, 0}, {129, 0}, {40, 3}};
    of.call.causal = true;
  });
  add("sequences_of_wide_heads", call_of(3, 2, 1, 66, 200, 128, 128), [](WarpgroupCase& of) {
    of.sequences = {{1, 0}, {128, 62}, {190, 0}};
  });
  add("hidden_rows", call_of(1, 2, 1, 150, 270, 64, 64), [](WarpgroupCase& of) {
    of.mask = [](int64_t i, int64_t j) {
      return i % 7 == 0 || (i + j) % 3 == 0 ? -std::numeric_limits<float>::infinity()
                                            : 0.25f * static_cast<float>(j % 5);
    };
  });
  add("lowest_masks", call_of(1, 1, 1, 70, 270, 64, 64), [](WarpgroupCase& of) {
    const bool brain = of.call.number == cuda::Number::BF16;
    const float lowest = brain ? -0x1.fep127f : -65504.0f;
    of.mask = [=](int64_t i, int64_t j) { return i % 3 == 0 || j > i ? lowest : 0.0f; };
  });
  return cases;
}

class WarpgroupAttention : public DeviceTest<WarpgroupCase> {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (IsSkipped()) return;
    if (device_->info().capability != cuda::kWarpgroupAttention) GTEST_SKIP() << "skipped: no instruction for it";
  }

  bool brain() const { return GetParam().call.number == cuda::Number::BF16; }
  uint16_t encode(float value) const { return brain() ? BFloat16(value).bits : Half(value).bits; }
  float decode(uint16_t bits) const {
    return brain() ? std::bit_cast<float>(static_cast<uint32_t>(bits) << 16) : static_cast<float>(Half::decode(bits));
  }

  // Heads of rows, on the device and as numbers.
  struct Heads {
    std::shared_ptr<std::byte> memory;
    std::vector<uint16_t> bits;
    cuda::RowLayout layout;
  };
  Heads make(int64_t heads, int64_t rows, int64_t width, uint32_t seed) {
    const int64_t batch = GetParam().call.batch;
    Heads made;
    made.bits.resize(static_cast<size_t>(batch * heads * rows * width));
    made.layout = GetParam().merged ? cuda::RowLayout{0, rows * heads * width, width, heads * width}
                                    : cuda::RowLayout{0, heads * rows * width, rows * width, width};
    std::mt19937 random(seed);
    for (uint16_t& word : made.bits) word = encode(static_cast<float>(random()) / 0x1p31f - 1);
    made.memory = device_->allocate(made.bits.size() * 2);
    return made;
  }
  void upload(const Heads& heads) {
    stream_->upload(heads.memory.get(), heads.bits.data(), heads.bits.size() * 2);
    stream_->synchronize();
  }

  // The row's outputs, in double.
  std::vector<double> expected(const AttentionCall& call, const Heads& q, const Heads& k, const Heads& v, int64_t b,
                               int64_t h, int64_t i) const {
    const auto& of = GetParam();
    const cuda::SequenceKeys sequence =
        of.sequences.empty() ? cuda::SequenceKeys{call.keys, call.offset} : of.sequences[static_cast<size_t>(b)];
    const int64_t kv_h = h / (call.heads / call.kv_heads), position = i + sequence.offset;
    const auto at = [&](const Heads& heads, int64_t head, int64_t row, int64_t d) {
      return static_cast<double>(decode(heads.bits[static_cast<size_t>(heads.layout.at(b, head, row) + d)]));
    };
    std::vector<double> scores(static_cast<size_t>(sequence.keys), -INFINITY), sums(static_cast<size_t>(call.v_width));
    double highest = call.zero_sinks ? 0 : -INFINITY;
    for (int64_t j = 0; j < sequence.keys; ++j) {
      if ((call.causal && j > position) || (call.window > 0 && j <= position - call.window)) continue;
      double product = 0;
      for (int64_t d = 0; d < call.width; ++d) product += at(q, h, i, d) * at(k, kv_h, j, d);
      double& score = scores[static_cast<size_t>(j)] = product * call.scale;
      if (call.softcap != 0) score = call.softcap * std::tanh(score / call.softcap);
      // A sum in float: the lowest number takes in whatever is added.
      if (of.mask) score = static_cast<float>(score) + decode(encode(of.mask(i, j)));
      highest = std::max(highest, score);
    }
    if (highest == -INFINITY) return sums;
    double weights = call.zero_sinks ? std::exp(-highest) : 0;
    for (int64_t j = 0; j < sequence.keys; ++j) {
      const double weight = std::exp(scores[static_cast<size_t>(j)] - highest);
      if (weight == 0) continue;
      weights += weight;
      for (int64_t d = 0; d < call.v_width; ++d) sums[static_cast<size_t>(d)] += weight * at(v, kv_h, j, d);
    }
    for (double& sum : sums) sum /= weights;
    return sums;
  }
};

TEST_P(WarpgroupAttention, IsASumOfWeighedValues) {
  const auto& of = GetParam();
  AttentionCall call = of.call;
  const Heads q = make(call.heads, call.rows, call.width, 1);
  Heads k = make(call.kv_heads, call.keys, call.width, 2), v = make(call.kv_heads, call.keys, call.v_width, 3);
  for (size_t b = 0; b < of.sequences.size(); ++b) {  // behind a sequence stands what is no number
    for (Heads* heads : {&k, &v}) {
      const int64_t width = heads == &k ? call.width : call.v_width;
      for (int64_t n = of.sequences[b].keys * width; n < call.keys * width; ++n) {
        for (int64_t h = 0; h < call.kv_heads; ++h) {
          heads->bits[static_cast<size_t>(heads->layout.at(static_cast<int64_t>(b), h, n / width) + n % width)] =
              0x7fff;
        }
      }
    }
  }
  Heads out = make(call.heads, call.rows, call.v_width, 4);
  std::ranges::fill(out.bits, uint16_t{0x7fff});
  upload(q), upload(k), upload(v), upload(out);
  call.q = q.memory.get();
  call.k = k.memory.get();
  call.v = v.memory.get();
  call.out = out.memory.get();
  call.q_layout = q.layout;
  call.k_layout = k.layout;
  call.v_layout = v.layout;
  call.out_layout = out.layout;
  const auto sequences = device_->allocate(of.sequences.size() * sizeof(cuda::SequenceKeys) + 1);
  if (!of.sequences.empty()) {
    stream_->upload(sequences.get(), of.sequences.data(), of.sequences.size() * sizeof(cuda::SequenceKeys));
    call.sequences = reinterpret_cast<const cuda::SequenceKeys*>(sequences.get());
  }
  std::vector<uint16_t> mask;
  for (int64_t n = 0; of.mask && n < call.rows * call.keys; ++n)
    mask.push_back(encode(of.mask(n / call.keys, n % call.keys)));
  const auto mask_memory = device_->allocate(mask.size() * 2 + 2);
  if (of.mask) {
    stream_->upload(mask_memory.get(), mask.data(), mask.size() * 2);
    call.masks[0] = {mask_memory.get(), ScoreMask::Form::Terms, 0, 0, call.keys, 1};
  }
  const cuda::AttentionLayouts layouts = cuda::attention_layouts(call);
  const auto map_q = make_tensor_map(layouts.q), map_k = make_tensor_map(layouts.k), map_v = make_tensor_map(layouts.v);
  ASSERT_TRUE(map_q && map_k && map_v);
  cuda::launch_warpgroup_attention(call, *map_q, *map_k, *map_v, stream_->handle());
  stream_->download(out.bits.data(), out.memory.get(), out.bits.size() * 2);
  stream_->synchronize();
  const double unit = brain() ? 0x1p-8 : 0x1p-11;  // of weights, of their sum and of the result: values are below 1
  for (int64_t b = 0; b < call.batch; ++b) {
    for (int64_t h = 0; h < call.heads; ++h) {
      for (int64_t i = 0; i < call.rows; ++i) {
        const std::vector<double> sums = expected(call, q, k, v, b, h, i);
        for (int64_t d = 0; d < call.v_width; ++d) {
          const float got = decode(out.bits[static_cast<size_t>(out.layout.at(b, h, i) + d)]);
          ASSERT_NEAR(got, sums[static_cast<size_t>(d)], 2 * unit + 1e-4) << b << ", " << h << ", " << i << ", " << d;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, WarpgroupAttention, testing::ValuesIn(all_cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace mica
