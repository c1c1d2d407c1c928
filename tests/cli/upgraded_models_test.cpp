// The ONNX backend tests' models of old opsets, raised to later ones: they still pass their data.
#include <gtest/gtest.h>

#include "graph/onnx/export.h"
#include "graph/onnx/import.h"
#include "graph/opsets.h"
#include "kernels/op.h"
#include "runtime/mica.h"
#include "tools/case_folder.h"
#include "tools/conformance_tolerance.h"

namespace mica {
namespace {

namespace fs = std::filesystem;

bool is_random(const std::string& name) {
  return name.find("bernoulli") != std::string::npos || name.find("training") != std::string::npos;
}

// Whether all operators that the model needs are in this build.
bool is_whole(const Graph& graph) {
  for (const NodeId id : graph.order()) {
    if (graph.node(id).op == nullptr) return false;
  }
  return true;
}

// Empty when the case passes.
std::string run(const GraphModel& raised, const fs::path& folder) {
  const std::string bytes = onnx::export_model(raised);
  const Model model = Model::from_bytes(std::as_bytes(std::span(bytes)));
  Session session = model.compile();
  const Graph& graph = *model.graph().graph;
  for (const fs::path& set : tools::data_set_folders(folder)) {
    const tools::DataSet data = tools::read_data_set(set, model);
    std::vector<NamedInput> inputs;
    for (size_t i = 0; i < data.inputs.size(); ++i) {
      inputs.push_back({graph.value(graph.inputs[i]).name, data.inputs[i]});
    }
    const Outputs& outputs = session.run(inputs);
    for (size_t i = 0; i < data.outputs.size(); ++i) {
      const std::string difference =
          tools::compare(data.outputs[i], outputs.datum(i), tools::standard_tolerance(folder.filename().string()));
      if (!difference.empty()) return difference;
    }
  }
  return "";
}

class UpgradedModels : public testing::TestWithParam<int64_t> {};

TEST_P(UpgradedModels, PassTheirData) {
  const fs::path root = fs::path(MICA_SOURCE_FOLDER) / "tests/data/onnx";
  if (!fs::exists(root / "simple")) GTEST_SKIP() << "no data of the ONNX backend tests";
  size_t passed = 0;
  for (const char* suite : {"simple", "pytorch-operator", "pytorch-converted", "node"}) {
    for (const fs::path& folder : tools::find_cases(root / suite)) {
      const std::string name = folder.filename().string();
      GraphModel model = onnx::import_model((folder / "model.onnx").string(), operators());
      const auto imported = model.opsets.find("");
      const bool is_older = imported != model.opsets.end() && imported->second < GetParam();
      if (!is_older || !is_whole(*model.graph) || is_random(name)) continue;
      try {
        raise_opset(model, GetParam(), operators());
        EXPECT_EQ(run(model, folder), "") << name;
        ++passed;
      } catch (const Error& error) {
        const bool scales_are_input = name == "test_upsample_nearest";
        EXPECT_TRUE(scales_are_input) << name << ": " << error.what();
      }
    }
  }
  EXPECT_GT(passed, 100u);
}

INSTANTIATE_TEST_SUITE_P(Opsets, UpgradedModels, testing::Values(13, 18, 23, 27), testing::PrintToStringParamName());

}  // namespace
}  // namespace mica
