// What stands around attention in transformer models: rotary embedding, gates, biased activations, embeddings.
#include <gtest/gtest.h>

#include "tests/cuda/kernels/device_case.h"

namespace mica {
namespace {

struct Type {
  std::string name;
  double tolerance;
};
const Type kTypes[] = {{"float", 4e-6}, {"float16", 2e-3}, {"bfloat16", 1.6e-2}, {"double", 1e-12}};

NamedInput of_integers(std::string_view name, const Shape& shape, std::vector<int32_t> values) {
  return {name, Tensor::of<int32_t>(shape, std::span<const int32_t>(values))};
}

std::vector<DeviceCase> all_rotary() {
  std::vector<DeviceCase> cases;
  for (const Type& type : kTypes) {
    const auto add = [&](const std::string& name, const std::string& inputs, const std::string& body,
                         std::vector<NamedInput> given = {}) {
      cases.push_back({name + "_" + type.name,
                       "graph g(x: " + type.name + inputs + ") -> (y) opset 24, com.microsoft 1 { y = " + body + " }",
                       type.tolerance, type.tolerance, std::move(given)});
    };
    const auto tables = [&](const std::string& shape) {
      return ", c: " + type.name + shape + ", s: " + type.name + shape;
    };
    const NamedInput ids{"p", Tensor::of<int64_t>({2, 5}, {0, 1, 2, 3, 4, 9, 8, 7, 6, 5})};
    add("heads", "[2,3,5,8]" + tables("[10,4]") + ", p: int64[2,5]", "RotaryEmbedding(x, c, s, p)", {ids});
    add("rows", "[2,5,24]" + tables("[10,4]") + ", p: int64[2,5]", "RotaryEmbedding(x, c, s, p) {num_heads=3}", {ids});
    add("interleaved", "[2,3,5,8]" + tables("[2,5,4]"), "RotaryEmbedding(x, c, s) {interleaved=1}");
    add("shared_tables", "[2,3,5,8]" + tables("[1,5,4]"), "RotaryEmbedding(x, c, s)");
    add("partial", "[2,3,5,80]" + tables("[2,5,20]"), "RotaryEmbedding(x, c, s) {rotary_embedding_dim=40}");
    add("no_rows", "[2,3,0,8]" + tables("[2,0,4]"), "RotaryEmbedding(x, c, s)");
    if (type.name == "double") continue;  // ONNX Runtime's operators
    add("microsoft", "[2,5,24]" + tables("[10,4]") + ", p: int64[2,5]", "com.microsoft.RotaryEmbedding(x, p, c, s)",
        {ids});
    add("microsoft_start", "[2,5,24]" + tables("[10,4]") + ", p: int64[1]", "com.microsoft.RotaryEmbedding(x, p, c, s)",
        {{"p", Tensor::of<int64_t>({1}, {4})}});
  }
  return cases;
}

std::vector<DeviceCase> all_activations() {
  std::vector<DeviceCase> cases;
  for (const Type& type : kTypes) {
    for (const char* activation : {"silu", "gelu", "gelu_tanh"}) {
      const std::string name = activation;
      cases.push_back({"gated_" + name + "_" + type.name,
                       "graph g(x: " + type.name +
                           "[2,3,74]) -> (y) opset 23, mica 1 { y = mica.Gated(x) {activation=\"" + name + "\"} }",
                       type.tolerance, type.tolerance});
    }
    if (type.name == "double") continue;
    for (const char* op : {"BiasGelu(x, b)", "FastGelu(x, b)", "FastGelu(x)"}) {
      const std::string call = op;
      cases.push_back({"biased_" + std::to_string(cases.size()),
                       "graph g(x: " + type.name + "[2,3,37], b: " + type.name +
                           "[37]) -> (y) opset 23, com.microsoft 1 { y = com.microsoft." + call + " }",
                       type.tolerance, type.tolerance});
    }
  }
  cases.push_back({"gated_nothing",
                   "graph g(x: float[2,0,8]) -> (y) opset 23, mica 1 { y = mica.Gated(x) {activation=\"silu\"} }"});
  return cases;
}

std::vector<DeviceCase> all_embeddings() {
  std::vector<DeviceCase> cases;
  const NamedInput indices{"i", Tensor::of<int64_t>({3}, {4, -1, 0})};
  for (const std::string width : {"40", "1500"}) {
    cases.push_back({"gather_add_" + width,
                     "graph g(x: float[2,3," + width + "], t: float[5," + width +
                         "], i: int64[3]) -> (y) opset 23, mica 1 { y = mica.GatherAdd(x, t, i) }",
                     1e-6,
                     1e-6,
                     {indices}});
  }
  const std::vector<NamedInput> ids{of_integers("i", {2, 3}, {4, 1, 0, 6, 6, 2}),
                                    of_integers("s", {2, 3}, {0, 0, 1, 1, 0, 1}),
                                    of_integers("m", {2, 3}, {1, 1, 0, 1, 0, 0}), of_integers("q", {1, 3}, {3, 1, 0})};
  for (const Type& type : kTypes) {
    if (type.name == "double") continue;
    const auto tensor = [&](const std::string& name, const std::string& shape) {
      return ", " + name + ": " + type.name + shape;
    };
    const std::string norm = tensor("g", "[40]") + tensor("b", "[40]");
    const std::string tables = tensor("w", "[7,40]") + tensor("p", "[9,40]");
    cases.push_back({"embed_norm_" + type.name,
                     "graph g(i: int32[2,3], s: int32[2,3], m: int32[2,3]" + tables + tensor("t", "[2,40]") + norm +
                         ") -> (y, n, u) opset 23, com.microsoft 1 { y, n, u = "
                         "com.microsoft.EmbedLayerNormalization(i, s, w, p, t, g, b, m) }",
                     2 * type.tolerance,
                     2 * type.tolerance,
                     {ids[0], ids[1], ids[2]}});
    cases.push_back({"embed_norm_positions_" + type.name,
                     "graph g(i: int32[2,3], q: int32[1,3]" + tables + norm +
                         ") -> (y, n) opset 23, com.microsoft 1 { y, n = "
                         "com.microsoft.EmbedLayerNormalization(i, _, w, p, _, g, b, _, q) }",
                     2 * type.tolerance,
                     2 * type.tolerance,
                     {ids[0], ids[3]}});
  }
  return cases;
}

class Transformers : public testing::TestWithParam<DeviceCase> {};
TEST_P(Transformers, AgreeWithTheCpu) {
  check_on_device(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Rotary, Transformers, testing::ValuesIn(all_rotary()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Activations, Transformers, testing::ValuesIn(all_activations()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Embeddings, Transformers, testing::ValuesIn(all_embeddings()), name_of_case);

}  // namespace
}  // namespace mica
