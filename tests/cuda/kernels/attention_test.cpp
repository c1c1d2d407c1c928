// Attention over more and fewer keys than a step takes, in all layouts, with masks and caches.
#include <gtest/gtest.h>

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

class Attentions : public testing::TestWithParam<DeviceCase> {};
TEST_P(Attentions, AgreeWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(, Attentions, testing::ValuesIn(all_attention()), name_of_case);

}  // namespace
}  // namespace mica
