// mica kernels: every candidate is checked and listed, one is marked, and senseless requests are refused. No times.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace mica {
namespace {

using testing::HasSubstr;

class Kernels : public Program {};

TEST_F(Kernels, EveryFamilyIsRightOnEveryInstructionSet) {
  const nlohmann::json families = mica({"kernels", "--list", "--json"}).json();
  EXPECT_GE(families.size(), 16u);
  const std::map<std::string, std::string> shapes = {{"attention", "1x2x5x8,causal"},
                                                     {"conv", "1x6x9x7,k3,o4,s2,g2"},
                                                     {"gather", "30x7x11"},
                                                     {"gemm", "13x35x17"},
                                                     {"nbits", "3x21x40,g16"},
                                                     {"reduce", "3x5x7,axis1"},
                                                     {"rope", "2x3x5x8"},
                                                     {"transpose", "3x5x7x2,perm0213"}};
  for (const nlohmann::json& family : families) {
    const std::string name = family["family"];
    const auto shape = shapes.find(name);
    const Finished finished =
        mica({"kernels", name, shape == shapes.end() ? "9x37" : shape->second, "--duration", "0", "--json"});
    ASSERT_EQ(finished.code, 0) << name << ": " << finished.err << finished.out;
    const nlohmann::json result = finished.json()["results"][0];
    size_t picks = 0, right = 0;
    for (const nlohmann::json& candidate : result["candidates"]) {
      picks += candidate["pick"] == true ? 1 : 0;
      right += candidate["wrong"] == false ? 1 : 0;
      EXPECT_GT(candidate["median_us"].get<double>(), 0) << name;
    }
    EXPECT_EQ(picks, 1u) << name;
    EXPECT_EQ(right, result["candidates"].size()) << name;
    EXPECT_GT(result["read_gb_s"].get<double>(), 0) << name;
  }
}

TEST_F(Kernels, TypesThreadsAndInstructionSetsAreChosen) {
  const nlohmann::json json = mica({"kernels", "gemm", "5x6x7", "8x9x10,dynamic", "--dtype", "i8", "--threads", "1,2",
                                    "--isa", "scalar", "--duration", "0", "--json"})
                                  .json();
  ASSERT_EQ(json["results"].size(), 4u);
  EXPECT_EQ(json["results"][1]["threads"], 2);
  EXPECT_EQ(json["results"][2]["shape"], "8x9x10,dynamic");
  for (const nlohmann::json& result : json["results"]) {
    ASSERT_EQ(result["candidates"].size(), 1u);
    EXPECT_EQ(result["candidates"][0]["isa"], "scalar");
    EXPECT_EQ(result["candidates"][0]["error"], 0.0);
  }
  const Finished text = mica({"kernels", "gemm", "5x6x7", "--duration", "0"});
  EXPECT_THAT(text.out, HasSubstr("peak"));
  EXPECT_THAT(text.out, HasSubstr("pick"));
  EXPECT_THAT(text.out, HasSubstr("Eigen"));
}

TEST_F(Kernels, RefusesWhatMakesNoSense) {
  for (const auto& [arguments, reason] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "--list"},
           {{"gem"}, "did you mean \"gemm\"?"},
           {{"gemm", "3x4"}, "MxNxK"},
           {{"gemm", "3x0x5"}, "nothing to measure"},
           {{"gemm", "3x4x5,k3"}, "\"k3\""},
           {{"gemm", "99999999x99999999x9"}, "too large"},
           {{"gemm", "3x4x5", "--dtype", "f64"}, "f64"},
           {{"gemm", "3x4x5", "--isa", "avx3"}, "did you mean"},
           {{"gemm", "3x4x5", "--threads", "0"}, "--threads"},
           {{"conv", "1x4x8x8,k"}, "a number"},
           {{"conv", "1x4x8x8,g3"}, "no convolution"},
           {{"transpose", "2x3,perm00"}, "each axis once"},
           {{"rope", "1x1x2x3"}, "even width"}}) {
    std::vector<std::string> command = {"kernels"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const Finished finished = mica(command);
    EXPECT_EQ(finished.code, 2) << reason;
    EXPECT_EQ(finished.out, "") << reason;
    EXPECT_THAT(finished.err, HasSubstr(reason));
  }
}

}  // namespace
}  // namespace mica
