// What is said of command lines and files that make no sense: exit codes, suggestions, and never a crash.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace mica {
namespace {

using testing::HasSubstr;

class Usage : public Program {};

TEST_F(Usage, HelpGoesToStdoutAndErrorsToStderr) {
  const Finished help = mica({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("conformance"));
  EXPECT_EQ(help.err, "");
  EXPECT_EQ(mica({"run", "--help"}).code, 0);
  EXPECT_EQ(mica({"--version"}).code, 0);

  const Finished nothing = mica({});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_EQ(nothing.out, "");
  EXPECT_THAT(nothing.err, HasSubstr("conformance"));
}

TEST_F(Usage, SuggestsTheNearestName) {
  const struct {
    std::vector<std::string> arguments;
    std::string suggestion;
  } cases[] = {
      {{"insepct", toy_model()}, "did you mean \"inspect\"?"},
      {{"bench", toy_model(), "--durations", "1s"}, "did you mean \"--duration\"?"},
      {{"run", toy_model(), "--dim", "sec=4"}, "did you mean \"seq\"?"},
      {{"run", toy_model(), "--dim", "bach=4"}, "did you mean \"batch\"?"},
      {{"run", toy_model(), "--shape", "input_idx:1x4"}, "did you mean \"input_ids\"?"},
      {{"run", toy_model(), "--input", "input_idx=a.npy"}, "did you mean \"input_ids\"?"},
      {{"run", toy_model(), "--without", "gelo"}, "did you mean \"gelu\"?"},
      {{"ops", "Sofmax"}, "did you mean \"Softmax\"?"},
  };
  for (const auto& [arguments, suggestion] : cases) {
    const Finished finished = mica(arguments);
    EXPECT_EQ(finished.code, 2) << arguments[0];
    EXPECT_EQ(finished.out, "") << arguments[0];
    EXPECT_THAT(finished.err, HasSubstr(suggestion));
  }
}

TEST_F(Usage, RefusesValuesThatMakeNoSense) {
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{"--dim", "seq"},
                                             {"--dim", "seq=many"},
                                             {"--dim", "seq=-4"},
                                             {"--dim", "seq=4", "--dim", "seq=5"},
                                             {"--shape", "input_ids:1x"},
                                             {"--shape", "input_ids:1x4x4"},
                                             {"--shape", "input_ids:1x99999999999999999999"},
                                             {"--threads", "few"},
                                             {"--threads", "-1"},
                                             {"--provider", "nobody"},
                                             {"--input", "input_ids"},
                                             {"--input", "input_ids=nowhere.npy"}}) {
    std::vector<std::string> arguments = {"run", toy_model()};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Finished finished = mica(arguments);
    EXPECT_EQ(finished.code, 2) << flags[0] << " " << flags[1] << ": " << finished.err;
    EXPECT_EQ(finished.out, "");
    EXPECT_NE(finished.err, "");
  }
  EXPECT_EQ(mica({"bench", toy_model(), "--duration", "soon"}).code, 2);
  EXPECT_EQ(mica({"compare", toy_model()}).code, 2);
}

TEST_F(Usage, NoFileMakesItCrash) {
  const std::string toy = read_text(toy_model());
  const std::vector<std::string> files = {path("missing"),
                                          ".",
                                          "/dev/null",
                                          file("empty", ""),
                                          file("text", "not a model"),
                                          file("half", toy.substr(0, toy.size() / 2)),
                                          file("noise", std::string(5000, '\xff'))};
  for (const char* command : {"inspect", "run", "bench", "check", "profile", "plan", "demo"}) {
    for (const std::string& bad : files) {
      const Finished finished = mica({command, bad});
      EXPECT_TRUE(finished.code == 1 || finished.code == 2) << command << " " << bad << ": " << finished.code;
      EXPECT_TRUE(finished.err != "" || std::string(command) == "check") << command << " " << bad;
    }
  }
  for (const std::string& bad : files) {
    EXPECT_EQ(mica({"compare", toy_model(), "--reference", bad}).code, 2) << bad;
    const int code = mica({"run", toy_model(), "--input", "input_ids=" + bad}).code;
    EXPECT_TRUE(code == 1 || code == 2) << bad;
  }
}

}  // namespace
}  // namespace mica
