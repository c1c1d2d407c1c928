// Each command on the toy model: keys of its JSON, and what they say.
#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

#include "tests/cli/program.h"

namespace mica {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Commands : public Program {};

TEST_F(Commands, InspectTellsWhatIsInTheFile) {
  const auto json = mica({"inspect", toy_model(), "--json", "--quiet"}).json();
  EXPECT_EQ(json["inputs"][0]["name"], "input_ids");
  EXPECT_EQ(json["inputs"][0]["dtype"], "int64");
  EXPECT_EQ(json["inputs"][0]["dims"], nlohmann::json({"batch", "seq"}));
  EXPECT_EQ(json["outputs"][0]["dims"], nlohmann::json({"batch", "seq", 512}));
  EXPECT_EQ(json["dims"], nlohmann::json({"batch", "seq"}));
  EXPECT_EQ(json["opsets"]["ai.onnx"], 17);
  EXPECT_EQ(json["operators"]["MatMul"], 7);
  EXPECT_EQ(json["operators"]["Softmax"], 1);
  EXPECT_EQ(json["file_bytes"], std::filesystem::file_size(toy_model()));
  // models/toy/README.md: 49 632 parameters; the causal mask and constants of the graph are not among them.
  EXPECT_GE(json["parameters_by_dtype"]["float"], 49632);
  EXPECT_LT(json["parameters_by_dtype"]["float"], 49632 + 100);

  const Finished text = mica({"inspect", toy_model(), "--dim", "seq=16"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, HasSubstr("float[batch,16,512]"));
}

TEST_F(Commands, InspectShowsModelsWhoseTypesContradictEachOther) {
  const std::string bad =
      model("bad.onnx", "graph g(x: float[2,3], w: float[4,5] = 0.5) -> (y) opset 20 {y = MatMul(x, w)}");
  const Finished finished = mica({"inspect", bad, "--json"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_EQ(finished.json()["operators"]["MatMul"], 1);
  EXPECT_THAT(finished.err, HasSubstr("MatMul"));
}

TEST_F(Commands, BenchHasTheKeysThatScriptsRelyOn) {
  const Finished finished = mica({"bench", toy_model(), "--dim", "seq=16", "--dim", "batch=2", "--threads", "1",
                                  "--duration", "50ms", "--warmup", "0s", "--json"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const auto json = finished.json();
  EXPECT_EQ(json["model"], toy_model());
  EXPECT_EQ(json["device"], "cpu");
  EXPECT_EQ(json["threads"], 1);
  EXPECT_EQ(json["inputs"]["input_ids"], "int64[2,16]");
  for (const char* key : {"load_ms", "first_run_ms", "p5_us", "p50_us", "p90_us", "p99_us", "runs_per_s"}) {
    EXPECT_GT(json[key], 0.0) << key;
  }
  EXPECT_LE(json["p5_us"], json["p50_us"]);
  EXPECT_LE(json["p50_us"], json["p90_us"]);
  EXPECT_LE(json["p90_us"], json["p99_us"]);
  EXPECT_GE(json["runs"], 1);
  EXPECT_GT(json["peak_rss_bytes"], 1 << 20);
  EXPECT_THAT(finished.err, Not(HasSubstr("\r"))) << "a progress bar, though nobody sees it";
}

TEST_F(Commands, QuietKeepsStderrEmpty) {
  const Finished finished = mica({"run", toy_model(), "--quiet"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_EQ(finished.err, "");
  EXPECT_THAT(finished.out, HasSubstr("logits"));
}

TEST_F(Commands, DemoSortsNumbers) {
  const auto example = mica({"demo", toy_model(), "--json"}).json();
  EXPECT_EQ(example["given"], nlohmann::json({0, 7, 12, 30, 41, 63, 88, 99, 101}));  // models/toy/README.md
  const Finished text = mica({"demo", toy_model(), "5", "3", "9", "1"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, HasSubstr("1 3 5 9"));
  EXPECT_THAT(text.out, HasSubstr("right"));
  EXPECT_EQ(mica({"demo", toy_model(), "5", "5"}).code, 2);
  EXPECT_EQ(mica({"demo", toy_model(), "5", "500"}).code, 2);
}

TEST_F(Commands, ProfileCoversTheRunAndWritesATrace) {
  const Finished finished =
      mica({"profile", toy_model(), "--dim", "seq=64", "--duration", "50ms", "--trace", path("trace.json"), "--json"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const auto json = finished.json();
  EXPECT_LE(json["steps_us"], json["run_us"]);
  double share = 0;
  for (const auto& row : json["operators"]) {
    share += row["share"].get<double>();
    if (row["operator"] == "MatMul") {
      EXPECT_GT(row["gflop_per_s"], 0.0);
      EXPECT_GT(row["gb_per_s"], 0.0);
    }
  }
  EXPECT_NEAR(share, 1, 1e-6);

  const auto trace = nlohmann::json::parse(read_text(path("trace.json")));
  ASSERT_FALSE(trace["traceEvents"].empty());
  const auto& run = trace["traceEvents"][0];
  const auto& first = trace["traceEvents"][1];
  EXPECT_EQ(run["ph"], "X");
  EXPECT_GE(first["ts"], run["ts"]);
  EXPECT_LE(first["ts"].get<double>() + first["dur"].get<double>(), run["ts"].get<double>() + run["dur"].get<double>());
}

TEST_F(Commands, PlanLaysBuffersOutWithoutOverlap) {
  const auto json = mica({"plan", toy_model(), "--dim", "seq=64", "--dim", "batch=1", "--json"}).json();
  EXPECT_FALSE(json["steps"].empty());
  const auto& buffers = json["buffers"];
  ASSERT_FALSE(buffers.empty());
  for (size_t i = 0; i < buffers.size(); ++i) {
    const auto end = [&](size_t at) {
      return buffers[at]["offset"].get<size_t>() + buffers[at]["bytes"].get<size_t>();
    };
    EXPECT_LE(end(i), json["arena_bytes"]);
    for (size_t j = 0; j < i; ++j) {
      const bool together = buffers[i]["first"] <= buffers[j]["last"] && buffers[j]["first"] <= buffers[i]["last"];
      EXPECT_TRUE(!together || end(j) <= buffers[i]["offset"] || end(i) <= buffers[j]["offset"]) << i << " " << j;
    }
  }
  EXPECT_THAT(mica({"plan", toy_model()}).out, HasSubstr("##"));
}

TEST_F(Commands, OpsListsOperators) {
  const auto json = mica({"ops", "Add", "Softmax", "--json"}).json();
  ASSERT_EQ(json["operators"].size(), 2u);
  EXPECT_EQ(json["operators"][0]["name"], "Add");
  EXPECT_EQ(json["operators"][0]["inputs"][0]["name"], "A");
  EXPECT_EQ(json["operators"][1]["versions"], nlohmann::json({1, 13}));
  const Finished text = mica({"ops"});
  EXPECT_THAT(text.out, HasSubstr("### ai.onnx\n\n| Operator |"));
  EXPECT_THAT(text.out, HasSubstr("### com.microsoft"));
}

TEST_F(Commands, OpsBearOutTheReadme) {
  // The README shows a summary made at some time: operators may have come since, but none may have gone.
  const std::string readme = read_text(source_path("README.md"));
  std::istringstream listed(readme.substr(readme.find("**ai.onnx** (")));
  const std::string summary = mica({"ops", "--summary"}).out;
  size_t count = 0;
  for (std::string name; listed >> name && name != "Of";) {
    if (!name.ends_with(",") && !name.ends_with(".")) continue;
    EXPECT_THAT(summary, ContainsRegex("[ \n]" + name.substr(0, name.size() - 1) + "[,.]"));
    ++count;
  }
  EXPECT_GT(count, 200u);
}

TEST_F(Commands, DevicesDescribeTheMachine) {
  const auto json = mica({"devices", "--json"}).json();
  EXPECT_EQ(json["devices"][0]["device"], "cpu");
  EXPECT_GE(json["devices"][0]["cores"], 1);
  EXPECT_GT(json["devices"][0]["memory_bytes"], size_t{1} << 20);
  EXPECT_TRUE(json["devices"][0]["isa"].is_string());
}

}  // namespace
}  // namespace mica
