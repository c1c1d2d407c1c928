// Greedy decoding of a trained model, with and without its caches kept as state, against the continuation that its
// authors' own code gives. Skipped where the models are not at hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/mica.h"

namespace mica {
namespace {

namespace fs = std::filesystem;

struct Golden {
  std::vector<int64_t> prompt, ids;
};

const fs::path kModels = MICA_SHARED_MODELS;

Golden golden() {
  std::ifstream file(kModels / "stories260k" / "golden_greedy.json");
  const auto json = nlohmann::json::parse(file);
  return {json.at("prompt").get<std::vector<int64_t>>(), json.at("greedy_ids").get<std::vector<int64_t>>()};
}

int64_t best(const Tensor& logits) {
  const auto last = logits.as<float>().last(static_cast<size_t>(logits.shape().back()));
  return std::ranges::max_element(last) - last.begin();
}

class Greedy : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kModels / "stories260k")) GTEST_SKIP() << "no " << kModels;
  }
};

TEST_F(Greedy, RunsOverAllIdsEachTime) {
  const Golden expected = golden();
  ASSERT_GE(expected.ids.size(), 200u);
  Session session = Model::load((kModels / "stories260k" / "model.onnx").string()).compile();
  std::vector<int64_t> ids = expected.prompt;
  while (ids.size() < expected.ids.size()) {
    const auto length = static_cast<int64_t>(ids.size());
    ids.push_back(best(session.run({{"input_ids", Tensor::view<int64_t>({1, length}, ids)}})["logits"]));
  }
  EXPECT_EQ(ids, expected.ids);
}

TEST_F(Greedy, RunsOverOneIdWithCachesAsState) {
  const Golden expected = golden();
  const Model model = Model::load((kModels / "stories260k_past" / "model.onnx").string());
  Session session = model.compile();
  for (int layer = 0; layer < 5; ++layer) {
    for (const std::string part : {"key", "value"}) {
      session.state("past_key_values." + std::to_string(layer) + "." + part,
                    "present." + std::to_string(layer) + "." + part);
    }
  }
  std::vector<int64_t> ids = expected.prompt;
  std::vector<int64_t> mask, positions, step = expected.prompt;
  while (ids.size() < expected.ids.size()) {
    positions.clear();
    for (size_t i = 0; i < step.size(); ++i) {
      positions.push_back(static_cast<int64_t>(mask.size()));
      mask.push_back(1);
    }
    const auto length = static_cast<int64_t>(step.size());
    const Outputs& out =
        session.run({{"input_ids", Tensor::view<int64_t>({1, length}, step)},
                     {"position_ids", Tensor::view<int64_t>({1, length}, positions)},
                     {"attention_mask", Tensor::view<int64_t>({1, static_cast<int64_t>(mask.size())}, mask)}});
    step.assign(1, best(out["logits"]));
    ids.push_back(step[0]);
  }
  EXPECT_EQ(ids, expected.ids);
}

}  // namespace
}  // namespace mica
