// What `mica optimize --target mica` writes of real models: a file that Mica loads, and that gives what the model gave.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/cli/program.h"

namespace mica {
namespace {

namespace fs = std::filesystem;

// Folders of models; the larger ones are not everywhere.
std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  for (const fs::path root : {MICA_SOURCE_FOLDER "/tests/e2e", MICA_SHARED_MODELS}) {
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::directory_iterator(root)) {
      if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
    }
  }
  std::ranges::sort(folders);
  return folders;
}

class WrittenModels : public Program, public testing::WithParamInterface<fs::path> {};

TEST_P(WrittenModels, PassTheirData) {
  const fs::path folder = path("written");
  fs::create_directory(folder);
  for (const auto& entry : fs::directory_iterator(GetParam())) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("test_data_set_") || name == "tolerance.json") fs::create_symlink(entry.path(), folder / name);
  }
  const std::string given = (GetParam() / "model.onnx").string();
  std::vector<std::string> command{"optimize", given, "--target", "mica", "-o", (folder / "model.onnx").string()};
  // Of its convolutions, another order of summation moves results across the middle between two codes, and the scores
  // of random images by several: it is held against its data only.
  if (GetParam().filename() != "mobilenetv2_qdq") command.push_back("--verify");
  const Finished written = mica(command);
  ASSERT_EQ(written.code, 0) << written.err;
  const Finished passed = mica({"conformance", folder.string()});
  EXPECT_EQ(passed.code, 0) << passed.out << passed.err;
}

INSTANTIATE_TEST_SUITE_P(Folders, WrittenModels, testing::ValuesIn(model_folders()),
                         [](const auto& info) { return info.param.filename().string(); });

}  // namespace
}  // namespace mica
