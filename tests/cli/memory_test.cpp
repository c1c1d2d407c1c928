// What a model with large weights takes of memory, and the file that packed weights are kept in.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace mica {
namespace {

class PackedCacheOption : public Program {
 protected:
  std::string matrix_model(const std::string& name, int layers, int width) const {
    std::string text = "graph g(x: float[1," + std::to_string(width) + "]) -> (y" + std::to_string(layers) +
                       ") opset 20 {\n  y0 = Neg(x)\n";
    const std::string shape = "[" + std::to_string(width) + "," + std::to_string(width) + "]";
    for (int i = 0; i < layers; ++i) {
      const std::string w = "w" + std::to_string(i), from = "y" + std::to_string(i);
      text += "  " + w + ": float" + shape + " = " + std::to_string(i + 1) + ".5\n";
      text += "  a" + w + " = MatMul(" + from + ", " + w + ")\n  y" + std::to_string(i + 1) + " = Tanh(a" + w + ")\n";
    }
    return model(name, text + "}");
  }

  int64_t peak(const std::string& model, const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> arguments = {"bench", model, "--duration=0s", "--warmup=0s", "--json", "--threads=2"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Finished finished = mica(arguments);
    EXPECT_EQ(finished.code, 0) << finished.err;
    return finished.json()["peak_rss_bytes"].get<int64_t>();
  }
};

// Once, packed: the originals leave memory as they are packed.
TEST_F(PackedCacheOption, WeightsAreInMemoryOnce) {
  if (std::string(MICA_CXX_FLAGS).find("-fsanitize") != std::string::npos) GTEST_SKIP() << "takes memory of its own";
  const std::string small = matrix_model("small.onnx", 1, 16), large = matrix_model("large.onnx", 16, 1024);
  const int64_t without = peak(small), weights = int64_t{16} * 1024 * 1024 * 4;
  EXPECT_LT(peak(large) - without, weights * 5 / 4);
  for (int i = 0; i < 2; ++i) EXPECT_LT(peak(large, {"--packed-cache=" + path("kept")}) - without, weights * 5 / 4);
}

TEST_F(PackedCacheOption, KeepsAndUsesAFile) {
  const std::string matrix = matrix_model("m.onnx", 2, 160);
  const std::vector<std::string> run = {"run", matrix, "--seed=1", "--json", "--packed-cache=" + path("kept")};
  const Finished plain = mica({"run", matrix, "--seed=1", "--json"});
  for (int i = 0; i < 2; ++i) {
    const Finished finished = mica(run);
    ASSERT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(finished.json()["outputs"], plain.json()["outputs"]);
  }
  const auto kept = std::filesystem::directory_iterator(path("kept"))->path();
  std::ofstream(kept, std::ios::binary) << "damaged";
  const Finished finished = mica(run);
  EXPECT_EQ(finished.code, 0);
  EXPECT_EQ(finished.json()["outputs"], plain.json()["outputs"]);
  EXPECT_THAT(finished.err, testing::HasSubstr("are not used: it is too short"));
  EXPECT_GT(std::filesystem::file_size(kept), 2u * 160 * 160 * 4);
}

}  // namespace
}  // namespace mica
