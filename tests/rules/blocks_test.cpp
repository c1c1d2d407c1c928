// Counts the blocks of transformers that the optimiser makes for our own plans: as many as the architecture has, layers
// times blocks, and nothing is left in pieces.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "graph/edit.h"
#include "graph/facts.h"
#include "graph/onnx/import.h"
#include "graph/pipeline.h"
#include "graph/rule.h"
#include "kernels/op.h"
#include "runtime/evaluator.h"
#include "tests/rules/semantics.h"

namespace mica {
namespace {

namespace fs = std::filesystem;

using Counts = std::map<std::string, int>;

// By what the names of a model's exports begin with. Where there is none of a block it is not listed.
struct Architecture {
  const char* model;
  Counts blocks;
  Counts pieces = {};  ///< what is not part of a block
};

// Blocks and pieces of blocks that are counted. "Cache" is an Attention that lengthens its past keys and values,
// "Causal" one that knows that later keys are hidden, "Turn" a negated half that is joined with the other one.
constexpr const char* kBlocks[] = {"Attention",        "Cache",           "Causal", "Gelu", "LayerNormalization",
                                   "RMSNormalization", "RotaryEmbedding", "Swish"};
constexpr const char* kPieces[] = {"Softmax", "Erf", "Tanh", "Sigmoid", "ReduceMean", "Sqrt", "Pow", "Turn"};

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> kAll{
      // Two layers with two norms each, one more for the embeddings; the pooler has a Tanh.
      {"bert_tiny", {{"Attention", 2}, {"LayerNormalization", 1 + 2 * 2}, {"Gelu", 2}}, {{"Tanh", 1}}},
      // Two layers with two norms each, one more at the end.
      {"gpt2_past_tiny", {{"Attention", 2}, {"Cache", 2}, {"LayerNormalization", 2 * 2 + 1}, {"Gelu", 2}}},
      {"gptj_tiny", {{"Attention", 2}, {"LayerNormalization", 2 + 1}, {"Gelu", 2}, {"RotaryEmbedding", 2 * 2}}},
      // Four norms in a layer; the logits are capped by a Tanh.
      {"gemma2_tiny",
       {{"Attention", 2}, {"RMSNormalization", 2 * 4 + 1}, {"Gelu", 2}, {"RotaryEmbedding", 2 * 2}},
       {{"Tanh", 1}}},
      // Its mask is of bools, so that a row that padding hides as a whole is the same with and without later keys.
      {"llama_gqa_past_tiny_opset23",
       {{"Attention", 2},
        {"Cache", 2},
        {"Causal", 2},
        {"RMSNormalization", 2 * 2 + 1},
        {"RotaryEmbedding", 2 * 2},
        {"Swish", 2}}},
      {"llama_gqa_past_tiny",
       {{"Attention", 2}, {"Cache", 2}, {"RMSNormalization", 2 * 2 + 1}, {"RotaryEmbedding", 2 * 2}, {"Swish", 2}}},
      {"neox_tiny", {{"Attention", 2}, {"LayerNormalization", 2 * 2 + 1}, {"Gelu", 2}, {"RotaryEmbedding", 2 * 2}}},
      {"mha_tiny", {{"Attention", 1}}},
      {"clip_text_tiny", {{"Attention", 2}, {"Causal", 2}, {"LayerNormalization", 2 * 2 + 1}, {"Swish", 2}}},
      // A norm for each attention and each gated feed-forward part, one more at the end.
      {"t5_encoder_tiny", {{"Attention", 2}, {"RMSNormalization", 2 * 2 + 1}, {"Gelu", 2}}},
      {"t5_decoder_tiny", {{"Attention", 2 * 2}, {"Causal", 2}, {"RMSNormalization", 2 * 3 + 1}, {"Gelu", 2}}},
      {"vit_tiny", {{"Attention", 2}, {"LayerNormalization", 2 * 2 + 1}, {"Gelu", 2}}},
      // Two convolutions, then two layers; the decoder keeps the cache of its self attention only.
      {"whisper_encoder_tiny", {{"Attention", 2}, {"LayerNormalization", 2 * 2 + 1}, {"Gelu", 2 + 2}}},
      {"whisper_decoder_tiny",
       {{"Attention", 2 * 2}, {"Cache", 2}, {"Causal", 2}, {"LayerNormalization", 2 * 3 + 1}, {"Gelu", 2}}},
      // Five layers, and a head with a norm of its own.
      {"bert_toy_pytorch", {{"Attention", 5}, {"LayerNormalization", 1 + 5 * 2 + 1}, {"Gelu", 5 + 1}}, {{"Tanh", 1}}},
      {"gpt2_past_pytorch16",
       {{"Attention", 12}, {"Cache", 12}, {"Causal", 12}, {"LayerNormalization", 12 * 2 + 1}, {"Gelu", 12}}},
      {"stories260k_past",
       {{"Attention", 5}, {"Cache", 5}, {"RMSNormalization", 5 * 2 + 1}, {"RotaryEmbedding", 5 * 2}, {"Swish", 5}}},
      {"stories260k",
       {{"Attention", 5}, {"Causal", 5}, {"RMSNormalization", 5 * 2 + 1}, {"RotaryEmbedding", 5 * 2}, {"Swish", 5}}},
      // Patches are pooled with weights by a Softmax.
      {"cct_cifar", {{"Attention", 2}, {"LayerNormalization", 2 * 2 + 1}, {"Gelu", 2}}, {{"Softmax", 1}}},
      {"sasrec", {{"Attention", 2}, {"Causal", 2}, {"LayerNormalization", 2 * 2 + 1}}},
      // Four blocks of attention with two norms each, one more in the head, which pools by a mean.
      {"tinyvit_demo", {{"Attention", 4}, {"LayerNormalization", 4 * 2 + 1}, {"Gelu", 12}}, {{"ReduceMean", 1}}},
  };
  return kAll;
}

const Architecture* architecture_of(const std::string& folder) {
  for (const Architecture& one : architectures()) {
    if (folder.starts_with(one.model)) return &one;
  }
  return nullptr;
}

// Whether a negated value is joined with another one, at once or after an Unsqueeze.
bool is_turn(const Graph& graph, const Node& node) {
  if (node.op_type != "Neg") return false;
  const auto uses = graph.uses(node.outputs[0]);
  return std::ranges::any_of(uses, [&](const Use& use) {
    const Node& user = graph.node(use.node);
    return user.op_type == "Concat" || user.op_type == "Unsqueeze";
  });
}

Counts count(Graph& graph) {
  Counts counts;
  for_each_graph(graph, [&](Graph& g) {
    for (const NodeId id : g.order()) {
      const Node& node = g.node(id);
      ++counts[node.op_type];
      if (node.op_type == "Attention" && node.formal_inputs > 4 && node.inputs[4] != ValueId::None) ++counts["Cache"];
      if (attribute(node, "is_causal", 0) != 0) ++counts["Causal"];
      if (is_turn(g, node)) ++counts["Turn"];
    }
  });
  return counts;
}

std::vector<fs::path> folders() {
  std::vector<fs::path> found;
  for (const fs::path root : {MICA_E2E_FOLDER, MICA_SHARED_MODELS}) {
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::directory_iterator(root)) {
      const bool counted = root == MICA_E2E_FOLDER || architecture_of(entry.path().filename()) != nullptr;
      if (counted && fs::exists(entry.path() / "model.onnx")) found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

class Blocks : public testing::TestWithParam<fs::path> {};

TEST_P(Blocks, AreWhole) {
  const Architecture* architecture = architecture_of(GetParam().filename());
  ASSERT_NE(architecture, nullptr) << "write down how many blocks it has";
  for (const auto& [block, number] : architecture->blocks) {
    if (block != "Cache" && block != "Causal" && operators().find("", block, 24) == nullptr)
      GTEST_SKIP() << "this build has no " << block;
  }
  GraphModel model = onnx::import_model(GetParam() / "model.onnx", operators());
  if (const std::string missing = missing_operator(*model.graph); !missing.empty()) {
    GTEST_SKIP() << "this build has no " << missing;
  }
  PipelineOptions options;
  options.without.insert("fuse_elementwise");  // functions that belong to blocks would be in chains
  for (const Rule& rule : rules()) {
    if (rule.stage >= Stage::Layer) options.without.emplace(rule.name);  // they would take blocks into other operators
  }
  Notes notes;
  optimize(model, operators(), make_evaluator(), options, notes);
  Counts found = count(*model.graph);
  const auto number = [](const Counts& counts, const char* name) {
    const auto it = counts.find(name);
    return it == counts.end() ? 0 : it->second;
  };
  for (const char* block : kBlocks) EXPECT_EQ(found[block], number(architecture->blocks, block)) << block;
  for (const char* piece : kPieces) EXPECT_EQ(found[piece], number(architecture->pieces, piece)) << piece;
}

INSTANTIATE_TEST_SUITE_P(Folders, Blocks, testing::ValuesIn(folders()),
                         [](const auto& info) { return info.param.filename().string(); });

}  // namespace
}  // namespace mica
