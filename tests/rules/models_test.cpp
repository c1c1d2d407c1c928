// Optimises models of exporters and compares their outputs, on their own test data, before and after.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "graph/edit.h"
#include "graph/inference.h"
#include "graph/onnx/import.h"
#include "graph/onnx/values.h"
#include "graph/pipeline.h"
#include "graph/text_format.h"
#include "graph/verify.h"
#include "kernels/op.h"
#include "runtime/base/error.h"
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

// Some files contradict the standard, and still run.
bool is_consistent(const Graph& graph) {
  try {
    infer_types(*graph.clone());
    return true;
  } catch (const Error&) {
    return false;
  }
}

// MICA_PRINT=rule prints the graph after and what the rule says.
void optimise(GraphModel& model, Target target) {
  const size_t before = living_nodes(*model.graph);
  const bool consistent = is_consistent(*model.graph);
  Notes notes;
  PipelineOptions options;
  options.verify = true;
  options.target = target;
  optimize(model, operators(), make_evaluator(), options, notes);
  for (const Notes::Note& note : notes.all()) {
    EXPECT_TRUE(note.kind != Notes::Kind::Failed || !consistent) << note.by << ": " << note.what;
  }
  if (const char* rule = std::getenv("MICA_PRINT")) std::cout << print(model) << notes.explain(rule) << "\n";
  const size_t after = living_nodes(*model.graph);
  const std::string once = print(model);
  Notes again;
  optimize(model, operators(), make_evaluator(), options, again);
  EXPECT_EQ(living_nodes(*model.graph), after) << "optimised twice";
  EXPECT_TRUE(print(model) == once) << "optimised twice, other nodes";
  std::cout << before << " -> " << after << " nodes: " << histogram(*model.graph) << "\n";
}

bool is_quantised(const Graph& graph) {
  return std::ranges::any_of(graph.order(), [&](NodeId id) { return graph.node(id).op_type == "QuantizeLinear"; });
}

// Outputs of 16 bits, and of models that quantise inside, differ by what the order of roundings inside the model makes
// of them: the model's own tolerance.json says how much that is.
double tolerance_of(const Datum& output, const Graph& before, const fs::path& folder) {
  std::ifstream file(folder / "tolerance.json");
  if ((bit_width(output.tensor.dtype()) != 16 && !is_quantised(before)) || !file) return 2e-4;
  return nlohmann::json::parse(file).at("atol").get<double>();
}

void compare(const GraphModel& before, const GraphModel& after, const std::vector<Datum>& inputs,
             const fs::path& folder) {
  const std::vector<Datum> wanted = interpret(before, inputs);
  const std::vector<Datum> got = interpret(after, inputs);
  ASSERT_EQ(wanted.size(), got.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(difference(got[i], wanted[i], tolerance_of(wanted[i], *before.graph, folder)), "") << "output " << i;
  }
}

// Folders of models; the larger ones are not everywhere.
std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  for (const fs::path root : {MICA_E2E_FOLDER, MICA_SHARED_MODELS}) {
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::directory_iterator(root)) {
      if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
    }
  }
  std::ranges::sort(folders);
  return folders;
}

class Models : public testing::TestWithParam<fs::path> {};

void check(const std::string& file, Target target, const std::function<std::vector<Datum>(const Graph&)>& inputs) {
  const GraphModel before = onnx::import_model(file, operators());
  GraphModel after = onnx::import_model(file, operators());
  optimise(after, target);
  if (const std::string missing = missing_operator(*before.graph); !missing.empty()) {
    GTEST_SKIP() << "this build has no " << missing;
  }
  const std::vector<Datum> given = inputs(*before.graph);
  if (given.size() == before.graph->inputs.size()) compare(before, after, given, fs::path(file).parent_path());
}

TEST_P(Models, GiveTheSameForMica) {
  check(GetParam() / "model.onnx", Target::Mica,
        [](const Graph& graph) { return read_inputs(GetParam() / "test_data_set_0", graph); });
}

TEST_P(Models, GiveTheSameForAnyEngine) {
  check(GetParam() / "model.onnx", Target::Portable,
        [](const Graph& graph) { return read_inputs(GetParam() / "test_data_set_0", graph); });
}

INSTANTIATE_TEST_SUITE_P(Folders, Models, testing::ValuesIn(model_folders()),
                         [](const auto& info) { return info.param.filename().string(); });

// The toy model has no folder of its own: any input will do.
TEST(Toy, GivesTheSameForMica) {
  check(MICA_TOY_MODEL, Target::Mica, [](const Graph& graph) { return random_inputs(graph, 1); });
}

}  // namespace
}  // namespace mica
