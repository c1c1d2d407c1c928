// mica run: inputs from files and at random, outputs into files.
#include <gmock/gmock.h>

#include <cstring>
#include <sstream>

#include "runtime/base/os.h"
#include "tests/cli/program.h"
#include "tools/io/npy.h"

namespace mica {
namespace {

using testing::HasSubstr;

class Run : public Program {
 protected:
  static Tensor read(const std::string& file) { return tools::read_npy(MappedFile::open(file).bytes()); }

  std::string write(const std::string& name, const Tensor& tensor) const {
    std::ostringstream stream;
    tools::write_npy(stream, tensor);
    return file(name, stream.str());
  }
};

TEST_F(Run, ReadsInputsAndWritesOutputs) {
  const std::string add = model("add.onnx", "graph g(x: float[n], y: float[n]) -> (z) opset 20 {z = Add(x, y)}");
  const std::string x = write("x.npy", Tensor::of<float>({3}, {1, 2, 3}));
  const std::string y = write("y.npy", Tensor::of<float>({3}, {10, 20, 30}));
  const Finished finished =
      mica({"run", add, "--input", "x=" + x, "--input", "y=" + y, "--output-dir", path("d"), "--json"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const auto output = finished.json()["outputs"][0];
  EXPECT_EQ(output["name"], "z");
  EXPECT_EQ(output["shape"], nlohmann::json({3}));
  EXPECT_EQ(output["min"], 11.0);
  EXPECT_EQ(output["max"], 33.0);
  EXPECT_EQ(output["mean"], 22.0);
  EXPECT_EQ(output["nans"], 0);
  const Tensor z = read(path("d/z.npy"));
  EXPECT_THAT(std::vector<float>(z.as<float>().begin(), z.as<float>().end()), testing::ElementsAre(11, 22, 33));
}

TEST_F(Run, ReadsTheProtosOfTestDataSets) {
  const std::string folder = source_path("tests/e2e/bert_tiny/");
  const Finished finished =
      mica({"run", folder + "model.onnx", "--input", "input_ids=" + folder + "test_data_set_0/input_0.pb", "--input",
            "attention_mask=" + folder + "test_data_set_0/input_1.pb", "--input",
            "token_type_ids=" + folder + "test_data_set_0/input_2.pb"});
  EXPECT_EQ(finished.code, 0) << finished.err;
}

TEST_F(Run, RefusesInputsThatDoNotFit) {
  const std::string add = model("add.onnx", "graph g(x: float[n,2], y: float[n,2]) -> (z) opset 20 {z = Add(x, y)}");
  const std::string three = write("three.npy", Tensor::of<float>({3}, {1, 2, 3}));
  EXPECT_THAT(mica({"run", add, "--input", "x=" + three}).err, HasSubstr("the model takes float[n,2]"));
  const Finished shapes = mica({"run", add, "--shape", "x:1x2", "--shape", "y:4x2"});
  EXPECT_EQ(shapes.code, 2);
  EXPECT_THAT(shapes.err, HasSubstr("n is"));
  EXPECT_EQ(mica({"run", add, "--shape", "x:1x3"}).code, 2);
  EXPECT_EQ(mica({"run", add, "--dim", "n=2", "--shape", "x:3x2"}).code, 2);
}

TEST_F(Run, RandomInputsFollowTheSeedAndAreValid) {
  const auto save = [&](const std::string& seed, const std::string& folder) {
    EXPECT_EQ(
        mica({"run", toy_model(), "--shape", "input_ids:4x100", "--seed", seed, "--save-inputs", path(folder)}).code,
        0);
    return read_text(path(folder + "/input_ids.npy"));
  };
  EXPECT_EQ(save("1", "a"), save("1", "b"));
  EXPECT_NE(save("1", "a"), save("2", "c"));
  const Tensor tensor = read(path("a/input_ids.npy"));
  const auto ids = tensor.as<int64_t>();
  EXPECT_GE(*std::ranges::min_element(ids), 0);
  EXPECT_LT(*std::ranges::max_element(ids), 512);
  EXPECT_GT(*std::ranges::max_element(ids), 400) << "the whole table shall be used";
}

TEST_F(Run, NamesOfOutputsDoNotLeadOutOfTheFolder) {
  const std::string escaping =
      model("escaping.onnx",
            "graph g(x: float[1]) -> (\"../../out\", \"/a/b\") opset 20 {\"../../out\" = Neg(x) \"/a/b\" = Abs(x)}");
  ASSERT_EQ(mica({"run", escaping, "--output-dir", path("d/e/f")}).code, 0);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path("d/e/f"))) names.push_back(entry.path().filename());
  EXPECT_THAT(names, testing::UnorderedElementsAre("%2E.%2F..%2Fout.npy", "%2Fa%2Fb.npy"));
}

TEST_F(Run, SaysWhenAnInputCannotBeMadeUp) {
  const std::string unknown = model("unknown.onnx", "graph g(x: float[?]) -> (y) opset 20 {y = Neg(x)}");
  const Finished finished = mica({"run", unknown});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("--shape"));
  EXPECT_EQ(mica({"run", unknown, "--shape", "x:2x3"}).code, 0);
}

TEST_F(Run, PrintsSequencesAndSpecialValues) {
  const std::string split = model("split.onnx", R"(
    graph g(x: float[4]) -> (s, n) opset 20 {
      s = SplitToSequence(x, int64[] 2)
      z: float[4] = [0,0,0,0]
      n = Div(z, z)
    })");
  const Finished finished = mica({"run", split, "--json"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const auto outputs = finished.json()["outputs"];
  ASSERT_EQ(outputs.size(), 3u);
  EXPECT_EQ(outputs[0]["name"], "s.0");
  EXPECT_EQ(outputs[1]["shape"], nlohmann::json({2}));
  EXPECT_EQ(outputs[2]["nans"], 4);
  EXPECT_TRUE(outputs[2]["mean"].is_null());
}

}  // namespace
}  // namespace mica
