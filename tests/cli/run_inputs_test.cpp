// mica bench --state and --grow: runs that follow from the ones before, as a decoder's.
#include "tools/inputs/run_inputs.h"

#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace mica::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A cache that a row is added to, and something as long as the cache then is. `tail` is the last row that was added.
constexpr const char* kCache = R"(
  graph g(x: float[1,1], past.0.k: float[1,past], mask: float[1,total]) -> (present.0.k, masked, tail) opset 20 {
    present.0.k = Concat(past.0.k, x) {axis=1}
    masked = Add(present.0.k, mask)
    last: int64[1] = [-1]
    tail = Gather(past.0.k, last) {axis=1}
  })";
const std::vector<std::string> kDims = {"past=7", "total=8"}, kGrowth = {"past=1", "total=1"},
                               kStates = {"past.*=present.*"};

class RunsInARow : public Program {
 protected:
  const std::string cache_ = model("cache.onnx", kCache);
  const CommonOptions common_ = [] {
    CommonOptions options;
    options.dims = kDims;
    options.threads = 1;
    return options;
  }();

  Finished bench(std::vector<std::string> more) const {
    more.insert(more.begin(),
                {"bench", cache_, "--dim=past=7", "--dim=total=8", "--duration=20ms", "--warmup=0s", "--json"});
    return mica(more);
  }
};

TEST_F(RunsInARow, AStateIsKeptAndWhatIsAsLongAsItGrows) {
  const RunOptions options{kStates, kGrowth};
  const Model model = Model::load(cache_, load_options(common_, options));
  RunInputs inputs(model, common_, {}, options);
  EXPECT_EQ(inputs.first().values[1].tensor.shape(), Shape({1, 7}));
  Session session = compile_model(model, common_);
  inputs.tie_states(session);
  float added = 0;
  for (size_t run = 0; run < 2 * RunInputs::kRuns + 3; ++run) {
    const auto named = inputs.next(session);
    ASSERT_EQ(named.size(), 2u);
    ASSERT_EQ(named[1].name, "mask");
    const auto grown = static_cast<int64_t>(run % RunInputs::kRuns);
    EXPECT_EQ(named[1].value.tensor.shape(), Shape({1, 8 + grown})) << run;
    const Outputs& outputs = session.run(named);
    EXPECT_EQ(outputs["masked"].shape(), Shape({1, 8 + grown})) << run;
    if (grown > 0) {
      EXPECT_THAT(outputs["tail"].as<float>(), ElementsAre(added)) << run;
    }
    added = named[0].value.tensor.as<float>()[0];
  }
}

TEST_F(RunsInARow, WithoutEitherAllInputsAreGivenInEveryRun) {
  const Model model = Model::load(cache_, load_options(common_));
  RunInputs inputs(model, common_, {}, {});
  Session session = compile_model(model, common_);
  for (int run = 0; run < 3; ++run) {
    const auto named = inputs.next(session);
    ASSERT_EQ(named.size(), 3u);
    EXPECT_EQ(named.data(), inputs.next(session).data()) << "made anew";
  }
}

TEST_F(RunsInARow, BenchMeasuresThem) {
  const Finished finished = bench({"--state=past.*=present.*", "--grow=past=1", "--grow=total=1"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_GT(finished.json()["runs"], RunInputs::kRuns);
  EXPECT_EQ(finished.json()["inputs"]["past.0.k"], "float[1,7]");
}

TEST_F(RunsInARow, WhatCannotBeIsRefused) {
  const std::vector<std::pair<std::vector<std::string>, const char*>> cases = {
      {{"--state=past.0.k"}, "INPUT=OUTPUT"},
      {{"--state=old.*=present.*"}, "no input is called so"},
      {{"--state=past.*=gone.*"}, "no output is called \"gone.0.k\""},
      {{"--grow=batch=1"}, "--dim batch=N"},
      {{"--grow=past"}, "NAME="},
      {{"--grow=other=1", "--dim=other=3"}, "other"},
      {{"--state=past.*=present.*"}, "the model takes float[1,7]"},  // no dim grows
      {{"--grow=past=1", "--grow=total=1", "--resident"}, "--resident"}};
  for (const auto& [arguments, why] : cases) {
    const Finished finished = bench(arguments);
    EXPECT_EQ(finished.code, 2) << why;
    EXPECT_THAT(finished.err, HasSubstr(why));
    EXPECT_EQ(finished.out, "") << why;
  }
}

}  // namespace
}  // namespace mica::tools
