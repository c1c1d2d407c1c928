// Optimises models of exporters and compares their outputs, on their own test data, before and after.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "graph/onnx/import.h"
#include "graph/onnx/values.h"
#include "graph/pipeline.h"
#include "graph/text_format.h"
#include "graph/verify.h"
#include "kernels/op.h"
#include "runtime/evaluator.h"
#include "tests/rules/semantics.h"

namespace mica {
namespace {

namespace fs = std::filesystem;

Datum read_value(const fs::path& path, const ValueType& type) {
  std::ifstream file(path, std::ios::binary);
  const auto text =
      std::make_shared<const std::string>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return onnx::load_value(std::as_bytes(std::span(*text)), type, text);
}

std::vector<Datum> read_inputs(const fs::path& folder, const Graph& graph) {
  std::vector<Datum> inputs;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const fs::path path = folder / ("input_" + std::to_string(i) + ".pb");
    if (!fs::exists(path)) return {};
    inputs.push_back(read_value(path, graph.value(graph.inputs[i]).type));
  }
  return inputs;
}

std::string histogram(const Graph& graph) {
  std::map<std::string, int> counts;
  for (uint32_t i = 0; i < graph.node_count(); ++i) {
    if (graph.node(NodeId{i}).alive) ++counts[graph.node(NodeId{i}).op_type];
  }
  std::string text;
  for (const auto& [name, count] : counts) text += name + " " + std::to_string(count) + ", ";
  return text;
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(MICA_E2E_FOLDER)) {
    if (fs::exists(entry.path() / "model.onnx")) names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

class Models : public testing::TestWithParam<std::string> {};

TEST_P(Models, GiveTheSameWhenOptimised) {
  const fs::path folder = fs::path(MICA_E2E_FOLDER) / GetParam();
  const std::string file = (folder / "model.onnx").string();
  const GraphModel before = onnx::import_model(file, operators());
  GraphModel after = onnx::import_model(file, operators());
  Notes notes;
  PipelineOptions options;
  options.verify = true;
  optimize(after, operators(), make_evaluator(), options, notes);
  for (const Notes::Note& note : notes.all()) {
    EXPECT_NE(note.kind, Notes::Kind::Failed) << note.by << ": " << note.what;
  }
  if (std::getenv("MICA_PRINT") != nullptr)
    std::cout << print(after) << notes.explain(std::getenv("MICA_PRINT")) << "\n";
  std::cout << living_nodes(*before.graph) << " -> " << living_nodes(*after.graph)
            << " nodes: " << histogram(*after.graph) << "\n";
  if (const std::string missing = missing_operator(*before.graph); !missing.empty()) {
    GTEST_SKIP() << "this build has no " << missing;
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory()) continue;
    const std::vector<Datum> inputs = read_inputs(entry.path(), *before.graph);
    if (inputs.size() != before.graph->inputs.size()) continue;
    const std::vector<Datum> wanted = interpret(before, inputs);
    const std::vector<Datum> got = interpret(after, inputs);
    ASSERT_EQ(wanted.size(), got.size());
    for (size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(difference(got[i], wanted[i], 2e-4), "") << "output " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(E2e, Models, testing::ValuesIn(model_names()), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace mica
