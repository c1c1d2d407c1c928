// Attention over more and fewer keys than a step takes, in all layouts, with masks and caches.
#include <gtest/gtest.h>

#include <limits>

#include "tests/cuda/kernels/device_case.h"

namespace mica {
namespace {

std::vector<DeviceCase> all_attention() {
  std::vector<DeviceCase> cases;
  const auto add = [&](const std::string& name, const std::string& inputs, const std::string& body,
                       const std::string& outputs = "y", double tolerance = 1e-5) {
    cases.push_back(
        {name, "graph g(" + inputs + ") -> (" + outputs + ") opset 24, mica 1 { " + body + " }", tolerance, tolerance});
  };
  const auto qkv = [](const std::string& type, const std::string& q, const std::string& k, const std::string& v) {
    return "q: " + type + q + ", k: " + type + k + ", v: " + type + v;
  };
  add("heads", qkv("float", "[2,3,5,8]", "[2,3,7,8]", "[2,3,7,8]"), "y = Attention(q, k, v)");
  add("long", qkv("float", "[1,2,40,16]", "[1,2,70,16]", "[1,2,70,16]"), "y = Attention(q, k, v)");
  add("causal", qkv("float", "[1,2,40,16]", "[1,2,40,16]", "[1,2,40,16]"), "y = Attention(q, k, v) {is_causal=1}");
  add("one_query", qkv("float", "[2,2,1,64]", "[2,2,90,64]", "[2,2,90,64]"), "y = Attention(q, k, v)");
  add("grouped", qkv("float", "[2,6,5,8]", "[2,2,7,8]", "[2,2,7,8]"), "y = Attention(q, k, v)");
  add("rows", qkv("float", "[2,5,24]", "[2,7,24]", "[2,7,24]"),
      "y = Attention(q, k, v) {q_num_heads=3, kv_num_heads=3}");
  add("wide", qkv("float", "[1,2,9,256]", "[1,2,35,256]", "[1,2,35,256]"), "y = Attention(q, k, v)");
  add("wide_values", qkv("float", "[1,2,9,32]", "[1,2,35,32]", "[1,2,35,100]"), "y = Attention(q, k, v) {scale=0.3}");
  add("odd_width", qkv("float", "[1,2,9,33]", "[1,2,35,33]", "[1,2,35,1]"), "y = Attention(q, k, v)");
  add("softcap", qkv("float", "[1,2,9,8]", "[1,2,9,8]", "[1,2,9,8]"),
      "y = Attention(q, k, v) {softcap=2.0, is_causal=1}");
  add("half", qkv("float16", "[2,3,5,8]", "[2,3,37,8]", "[2,3,37,8]"), "y = Attention(q, k, v)", "y", 4e-3);
  add("brain", qkv("bfloat16", "[2,3,5,8]", "[2,3,37,8]", "[2,3,37,8]"), "y = Attention(q, k, v)", "y", 3e-2);
  add("added_mask", qkv("float", "[2,3,5,8]", "[2,3,7,8]", "[2,3,7,8]") + ", m: float[2,1,5,7]",
      "y = Attention(q, k, v, m)");
  add("row_mask", qkv("float", "[2,3,5,8]", "[2,3,7,8]", "[2,3,7,8]") + ", m: bool[5,7]", "y = Attention(q, k, v, m)");
  add("short_mask", qkv("float", "[2,3,5,8]", "[2,3,7,8]", "[2,3,7,8]") + ", m: float[5,4]",
      "y = Attention(q, k, v, m)");
  add("cache", qkv("float", "[2,4,3,8]", "[2,2,3,8]", "[2,2,3,8]") + ", pk: float[2,2,6,8], pv: float[2,2,6,8]",
      "y, nk, nv = Attention(q, k, v, _, pk, pv) {is_causal=1}", "y, nk, nv");
  add("cache_of_rows", qkv("float", "[2,1,32]", "[2,1,16]", "[2,1,16]") + ", pk: float[2,2,40,8], pv: float[2,2,40,8]",
      "y, nk, nv = Attention(q, k, v, _, pk, pv) {q_num_heads=4, kv_num_heads=2}", "y, nk, nv");
  add("empty_cache", qkv("float", "[1,2,3,8]", "[1,2,3,8]", "[1,2,3,8]") + ", pk: float[1,2,0,8], pv: float[1,2,0,8]",
      "y, nk, nv = Attention(q, k, v, _, pk, pv)", "y, nk, nv");
  add("packed", "x: float[2,19,72]", "y = mica.SelfAttention(x) {q_num_heads=3, kv_num_heads=3, is_causal=1}");
  add("packed_groups", "x: float[2,19,64], m: bool[1,1,1,19]",
      "y = mica.SelfAttention(x, m) {q_num_heads=4, kv_num_heads=2}");
  cases.push_back({"all_hidden",
                   "graph g(" + qkv("float", "[1,1,2,4]", "[1,1,3,4]", "[1,1,3,4]") +
                       ", m: bool[2,3]) -> (y) opset 24 { y = Attention(q, k, v, m) }",
                   1e-6,
                   1e-6,
                   {{"m", Tensor::of<bool>({2, 3}, {false, false, false, true, false, true})}}});
  return cases;
}

// Operators of com.microsoft, and what they have more: caches of a fixed size, lengths of sequences, biases.
std::vector<DeviceCase> all_microsoft() {
  std::vector<DeviceCase> cases;
  const auto add = [&](const std::string& name, const std::string& inputs, const std::string& body,
                       const std::string& outputs = "y", std::vector<NamedInput> given = {}, double tolerance = 1e-5) {
    cases.push_back({name, "graph g(" + inputs + ") -> (" + outputs + ") opset 24, com.microsoft 1 { " + body + " }",
                     tolerance, tolerance, std::move(given)});
  };
  const auto ints = [](std::string_view name, const Shape& shape, std::vector<int32_t> values) {
    return NamedInput{name, Tensor::of<int32_t>(shape, std::span<const int32_t>(values))};
  };
  const std::string qkv = "q: float[2,5,24], k: float[2,7,24], v: float[2,7,24]";
  add("separate", qkv, "y = com.microsoft.MultiHeadAttention(q, k, v) {num_heads=3}");
  add("biased", qkv + ", b: float[72]", "y = com.microsoft.MultiHeadAttention(q, k, v, b) {num_heads=3, scale=0.5}");
  add("packed_row", "q: float[2,9,72], b: float[72]",
      "y = com.microsoft.MultiHeadAttention(q, _, _, b) {num_heads=3, unidirectional=1}");
  add("packed_heads", "q: float[2,9,3,3,8]", "y = com.microsoft.MultiHeadAttention(q) {num_heads=3}");
  add("packed_keys", "q: float[2,5,24], k: float[2,7,3,2,8]",
      "y = com.microsoft.MultiHeadAttention(q, k) {num_heads=3}");
  add("projected_keys", "q: float[2,5,24], k: float[2,3,7,8], v: float[2,3,7,8], b: float[72]",
      "y = com.microsoft.MultiHeadAttention(q, k, v, b) {num_heads=3}");
  const std::string masked = "y = com.microsoft.MultiHeadAttention(q, k, v, _, m, ab) {num_heads=3}";
  const std::string bias = ", ab: float[1,3,5,7]";
  add("key_mask", qkv + ", m: int32[2,7]" + bias, masked, "y",
      {ints("m", {2, 7}, {1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0})});
  add("key_ends", qkv + ", m: int32[2]" + bias, masked, "y", {ints("m", {2}, {3, 7})});
  add("key_bounds", qkv + ", m: int32[4]" + bias, masked, "y", {ints("m", {4}, {6, 5, 2, 0})});
  const std::string past = ", pk: float[2,3,6,8], pv: float[2,3,6,8]";
  add("multi_head_cache", qkv + past + ", b: float[72]",
      "y, nk, nv = com.microsoft.MultiHeadAttention(q, k, v, b, _, _, pk, pv) {num_heads=3}", "y, nk, nv");
  add("shared_buffer", "q: float[2,1,24], k: float[2,1,24], v: float[2,1,24], pk: float[2,3,16,8], pv: float[2,3,16,8]",
      R"(y, nk, nv = com.microsoft.DecoderMaskedMultiHeadAttention(q, k, v, _, _, pk, pv, int32[1] [9])
        {num_heads=3, past_present_share_buffer=1})",
      "y, nk, nv");

  const std::string grouped = "q: float[2,1,32], k: float[2,1,16], v: float[2,1,16]";
  const std::string cache = ", pk: float[2,2,20,8], pv: float[2,2,20,8], s: int32[2]";
  const std::vector<NamedInput> lengths{ints("s", {2}, {19, 7})};
  const std::string group_query = "y, nk, nv = com.microsoft.GroupQueryAttention(q, k, v, pk, pv, s, int32[1] [20]";
  add("group_query_full", grouped + cache, group_query + ") {num_heads=4, kv_num_heads=2}", "y, nk, nv",
      {ints("s", {2}, {19, 19})});
  add("group_query", grouped + cache, group_query + ") {num_heads=4, kv_num_heads=2}", "y", lengths);
  add("group_query_window", grouped + cache + ", sink: float[4]",
      group_query + ", _, _, _, _, sink) {num_heads=4, kv_num_heads=2, local_window_size=5, softcap=3.0}", "y",
      lengths);
  add("group_query_smooth", grouped + cache, group_query + ") {num_heads=4, kv_num_heads=2, smooth_softmax=1}", "y",
      lengths);
  const std::string tables = ", c: float[32,4], si: float[32,4]";
  add("group_query_rotary", grouped + cache + tables + ", qn: float[8], kn: float[8]",
      group_query + ", c, si, _, _, _, _, _, qn, kn) {num_heads=4, kv_num_heads=2, do_rotary=1}", "y", lengths);
  add("group_query_prompt", "q: float[2,9,64], s: int32[2], c: float[32,2], si: float[32,2]",
      "y, nk, nv = com.microsoft.GroupQueryAttention(q, _, _, _, _, s, int32[1] [9], c, si) "
      "{num_heads=4, kv_num_heads=2, do_rotary=1, rotary_interleaved=1}",
      "y, nk, nv", {ints("s", {2}, {8, 4})});
  add("group_query_half", "q: float16[2,3,64], s: int32[2]",
      "y, nk, nv = com.microsoft.GroupQueryAttention(q, _, _, _, _, s, int32[1] [3]) {num_heads=4, kv_num_heads=2}",
      "y, nk, nv", {ints("s", {2}, {2, 2})}, 4e-3);

  const std::string packed = "x: float[2,5,12], w: float[12,72], b: float[72]";
  add("packed_product", packed, "y = com.microsoft.Attention(x, w, b) {num_heads=3, unidirectional=1}");
  add("packed_product_cache", packed + ", m: int32[2,9], p: float[2,2,3,4,8]",
      "y, n = com.microsoft.Attention(x, w, b, m, p) {num_heads=3}", "y, n",
      {ints("m", {2, 9}, {1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1})});
  add("packed_product_widths", "x: float[2,5,12], w: float[12,60]",
      "y = com.microsoft.Attention(x, w) {num_heads=3, qkv_hidden_sizes=[24,24,12]}");
  return cases;
}

// One to four queries, whose keys are cut into pieces.
std::vector<DeviceCase> all_decoding() {
  std::vector<DeviceCase> cases;
  const auto add = [&](const std::string& name, const std::string& inputs, const std::string& body,
                       std::vector<NamedInput> given = {}, double tolerance = 1e-5) {
    cases.push_back(
        {name, "graph g(" + inputs + ") -> (y) opset 24 { y = " + body + " }", tolerance, tolerance, std::move(given)});
  };
  const auto qkv = [](const std::string& type, const std::string& q, const std::string& k, const std::string& v) {
    return "q: " + type + q + ", k: " + type + k + ", v: " + type + v;
  };
  for (const std::string width : {"16", "33", "64", "80", "128", "256"}) {
    const std::string q = "[1,2,1," + width + "]", k = "[1,2,700," + width + "]", grouped = "[1,12,1," + width + "]";
    add("width_" + width, qkv("float", q, k, k), "Attention(q, k, v)");
    add("grouped_" + width, qkv("float", grouped, k, k), "Attention(q, k, v)");
    add("half_" + width, qkv("float16", grouped, k, k), "Attention(q, k, v)", {}, 4e-3);
    add("brain_" + width, qkv("bfloat16", grouped, k, k), "Attention(q, k, v)", {}, 3e-2);
  }
  add("rows", qkv("float", "[2,3,32]", "[2,300,32]", "[2,300,32]"),
      "Attention(q, k, v) {q_num_heads=2, kv_num_heads=2}");
  add("causal",
      qkv("float", "[2,4,3,16]", "[2,2,3,16]", "[2,2,3,16]") + ", pk: float[2,2,200,16], pv: float[2,2,200,16]",
      "Attention(q, k, v, _, pk, pv) {is_causal=1}");
  add("masked", qkv("float", "[2,4,2,16]", "[2,2,150,16]", "[2,2,150,16]") + ", m: float[2,1,2,150]",
      "Attention(q, k, v, m)");
  add("one_key", qkv("float", "[2,4,1,16]", "[2,2,1,16]", "[2,2,1,16]"), "Attention(q, k, v)");
  add("narrow_values", qkv("float", "[1,2,1,64]", "[1,2,90,64]", "[1,2,90,8]"), "Attention(q, k, v)");
  add("valid_keys", qkv("float", "[2,4,2,16]", "[2,2,150,16]", "[2,2,150,16]") + ", n: int64[2]",
      "Attention(q, k, v, _, _, _, n) {is_causal=1}", {{"n", Tensor::of<int64_t>({2}, {140, 3})}});
  add("some_queries",
      qkv("float", "[1,2,6,16]", "[1,1,6,16]", "[1,1,6,16]") +
          ", pk: float[1,1,520,16], pv: float[1,1,520,16], m: float[6,526]",
      "Attention(q, k, v, m, pk, pv) {is_causal=1}");
  add("valid_keys_of_many", qkv("float", "[2,4,9,16]", "[2,2,40,16]", "[2,2,40,16]") + ", n: int64[2]",
      "Attention(q, k, v, _, _, _, n)", {{"n", Tensor::of<int64_t>({2}, {33, 0})}});
  return cases;
}

// On tensor cores: more rows and keys than a tile, none of the sizes a multiple of it.
std::vector<DeviceCase> all_tensor() {
  std::vector<DeviceCase> cases;
  const auto add = [&](const std::string& name, const std::string& inputs, const std::string& body,
                       std::vector<NamedInput> given = {}) {
    for (const auto& [type, tolerance] : {std::pair{"float16", 4e-3}, std::pair{"bfloat16", 3e-2}}) {
      std::string typed = inputs;
      for (size_t at = 0; (at = typed.find("T[", at)) != std::string::npos;) typed.replace(at, 1, type);
      cases.push_back({name + "_" + type,
                       "graph g(" + typed + ") -> (y) opset 24, com.microsoft 1, mica 1 { y = " + body + " }",
                       tolerance, tolerance, given});
    }
  };
  for (const std::string width : {"32", "64", "72", "128", "192", "256"}) {
    const std::string q = "T[1,2,70," + width + "]", k = "T[1,1,99," + width + "]";
    add("width_" + width, "q: " + q + ", k: " + k + ", v: " + k, "Attention(q, k, v)");
  }
  const std::string qkv = "q: T[2,2,67,32], k: T[2,2,130,32], v: T[2,2,130,32]";
  add("narrow_values", "q: T[1,1,65,64], k: T[1,1,64,64], v: T[1,1,64,8]", "Attention(q, k, v)");
  add("wide_values", "q: T[1,1,9,32], k: T[1,1,65,32], v: T[1,1,65,104]", "Attention(q, k, v) {scale=-0.3}");
  add("causal", "q: T[1,2,140,32], k: T[1,2,140,32], v: T[1,2,140,32]", "Attention(q, k, v) {is_causal=1}");
  add("causal_cache", "q: T[1,2,70,32], k: T[1,2,70,32], v: T[1,2,70,32], pk: T[1,2,45,32], pv: T[1,2,45,32]",
      "Attention(q, k, v, _, pk, pv) {is_causal=1, softcap=2.0}");
  add("softcap", qkv, "Attention(q, k, v) {softcap=2.0}");
  add("row_mask", qkv + ", m: bool[67,130]", "Attention(q, k, v, m)");
  add("key_mask", qkv + ", m: bool[2,1,1,130]", "Attention(q, k, v, m)");
  add("added_mask", qkv + ", m: T[2,67,130]", "Attention(q, k, v, m)");
  add("column_mask", qkv + ", m: T[1,1,67,1]", "Attention(q, k, v, m)");
  add("short_mask", qkv + ", m: bool[67,77]", "Attention(q, k, v, m)");
  add("valid_keys", qkv + ", n: int64[2]", "Attention(q, k, v, _, _, _, n) {is_causal=1}",
      {{"n", Tensor::of<int64_t>({2}, {101, 0})}});
  add("packed", "x: T[2,90,192]", "mica.SelfAttention(x) {q_num_heads=4, kv_num_heads=1, is_causal=1}");
  add("odd_rows", "x: T[2,40,66]", "mica.SelfAttention(x) {q_num_heads=1, kv_num_heads=1}");
  const std::string rows = "q: T[2,33,64], k: T[2,70,64], v: T[2,70,64]";
  add("microsoft_masks", rows + ", m: int32[4], a: T[1,1,33,70]",
      "com.microsoft.MultiHeadAttention(q, k, v, _, m, a) {num_heads=2}",
      {{"m", Tensor::of<int32_t>({4}, {60, 70, 3, 0})}});
  add("window", "q: T[1,80,96], s: int32[1], h: T[4]",
      "com.microsoft.GroupQueryAttention(q, _, _, _, _, s, int32[1] [80], _, _, _, _, h) "
      "{num_heads=4, kv_num_heads=1, local_window_size=20}",
      {{"s", Tensor::of<int32_t>({1}, {79})}});
  // As many blocks as the warpgroups of a large GPU want.
  add("many_heads", "q: T[11,6,66,64], k: T[11,2,66,64], v: T[11,2,66,64]", "Attention(q, k, v) {is_causal=1}");
  // Few queries over many keys, which are cut into pieces.
  add("pieces", "q: T[1,2,9,64], k: T[1,1,1100,64], v: T[1,1,1100,64]", "Attention(q, k, v)");
  add("pieces_after_a_cache",
      "q: T[1,2,20,32], k: T[1,2,20,32], v: T[1,2,20,72], pk: T[1,2,900,32], pv: T[1,2,900,72], m: T[20,920]",
      "Attention(q, k, v, m, pk, pv) {is_causal=1}");
  add("pieces_of_short_sequences", "q: T[2,2,7,64], k: T[2,2,800,64], v: T[2,2,800,64], n: int64[2]",
      "Attention(q, k, v, _, _, _, n)", {{"n", Tensor::of<int64_t>({2}, {770, 60})}});
  add("pieces_of_a_window", "q: T[1,600,96], s: int32[1], h: T[4]",
      "com.microsoft.GroupQueryAttention(q, _, _, _, _, s, int32[1] [600], _, _, _, _, h) "
      "{num_heads=4, kv_num_heads=1, local_window_size=20}",
      {{"s", Tensor::of<int32_t>({1}, {599})}});
  const float lowest = std::numeric_limits<float>::lowest();
  cases.push_back({"lowest_masks",
                   "graph g(q: float[1,1,6,8], k: float[1,1,3,8], v: float[1,1,3,8], m: float[1,3]) -> (y) "
                   "opset 24 { y = Attention(q, k, v, m) }",
                   1e-5,
                   1e-5,
                   {{"m", Tensor::of<float>({1, 3}, {lowest, lowest, lowest})}}});
  return cases;
}

class Attentions : public testing::TestWithParam<DeviceCase> {};
TEST_P(Attentions, AgreeWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, Attentions, testing::ValuesIn(all_attention()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Microsoft, Attentions, testing::ValuesIn(all_microsoft()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Tensor, Attentions, testing::ValuesIn(all_tensor()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Decoding, Attentions, testing::ValuesIn(all_decoding()), name_of_case);

}  // namespace
}  // namespace mica
