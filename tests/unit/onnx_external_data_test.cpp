// Weights in files beside the model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "graph/onnx/export.h"
#include "graph/onnx/external_data.h"
#include "tests/unit/onnx_model.h"

namespace mica {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

void write_file(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

class OnnxExternalData : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / ("mica_external_" + std::string(test->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // A model whose output is the float[2] at `location`.
  static std::string model(const std::string& location, const std::string& offset = "",
                           const std::string& length = "") {
    auto proto = new_model();
    proto.mutable_graph()->add_output()->set_name("w");
    auto& tensor = *proto.mutable_graph()->add_initializer();
    tensor.set_name("w");
    tensor.set_data_type(1);
    tensor.add_dims(2);
    tensor.set_data_location(1);
    const auto add = [&](const std::string& key, const std::string& value) {
      if (value.empty()) return;
      auto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    };
    add("location", location);
    add("offset", offset);
    add("length", length);
    return proto.SerializeAsString();
  }

  static float first(const fs::path& path) {
    const GraphModel read = onnx::import_model(path.string(), no_operators());
    return read.graph->value(read.graph->outputs[0]).constant.as<float>()[0];
  }

  static std::string error(const fs::path& path) {
    try {
      first(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  std::string error_of(const std::string& location, const std::string& offset = "", const std::string& length = "") {
    write_file(folder_ / "m" / "model.onnx", model(location, offset, length));
    return error(folder_ / "m" / "model.onnx");
  }

  static std::string floats(const std::vector<float>& values) {
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  }

  fs::path folder_;
};

TEST_F(OnnxExternalData, IsReadAtItsOffset) {
  write_file(folder_ / "m/sub/w.bin", floats({1, 2, 3}));
  EXPECT_EQ(error_of("sub/w.bin", "4", "8"), "");
  EXPECT_EQ(first(folder_ / "m/model.onnx"), 2);
  EXPECT_EQ(error_of("sub/w.bin"), "");
  EXPECT_EQ(first(folder_ / "m/model.onnx"), 1);
}

TEST_F(OnnxExternalData, UnalignedDataIsCopied) {
  write_file(folder_ / "m/w.bin", "x" + floats({5, 6}));
  EXPECT_EQ(error_of("w.bin", "1", "8"), "");
  EXPECT_EQ(first(folder_ / "m/model.onnx"), 5);
}

TEST_F(OnnxExternalData, StaysWithinTheFile) {
  write_file(folder_ / "m/w.bin", floats({1, 2}));
  EXPECT_THAT(error_of("w.bin", "4"), HasSubstr("ends at byte 8"));
  EXPECT_THAT(error_of("w.bin", "9"), HasSubstr("ends at byte 8"));
  EXPECT_THAT(error_of("w.bin", "18446744073709551612", "8"), HasSubstr("ends at byte 8"));
  EXPECT_THAT(error_of("w.bin", "-4"), HasSubstr("not a number"));
  EXPECT_THAT(error_of("w.bin", "99999999999999999999"), HasSubstr("not a number"));
  EXPECT_THAT(error_of("w.bin", "0", "4"), HasSubstr("4 bytes of external data where 8 belong"));
}

TEST_F(OnnxExternalData, StaysWithinTheFolder) {
  write_file(folder_ / "secret", floats({1, 2}));
  write_file(folder_ / "m/inside/x", "");
  EXPECT_THAT(error_of("../secret"), HasSubstr("leaves the model's folder"));
  EXPECT_THAT(error_of("inside/../../secret"), HasSubstr("leaves the model's folder"));
  EXPECT_THAT(error_of((folder_ / "secret").string()), HasSubstr("not a path relative"));
  EXPECT_THAT(error_of(std::string("w\0.bin", 6)), HasSubstr("zero byte"));
  EXPECT_THAT(error_of(""), HasSubstr("not a path relative"));
  EXPECT_THAT(error_of("missing"), HasSubstr("is not in the model's folder"));
  EXPECT_THAT(error_of("inside"), HasSubstr("not a regular file"));
  fs::create_symlink("../secret", folder_ / "m/link");
  EXPECT_THAT(error_of("link"), HasSubstr("outside the model's folder"));
  fs::create_directory_symlink("..", folder_ / "m/up");
  EXPECT_THAT(error_of("up/secret"), HasSubstr("outside the model's folder"));
  fs::create_symlink("inside/w", folder_ / "m/good");
  write_file(folder_ / "m/inside/w", floats({7, 8}));
  EXPECT_EQ(error_of("good"), "");
  // A sibling whose name begins like the folder's is not inside it.
  write_file(folder_ / "m2/w", floats({1, 2}));
  fs::create_symlink("../m2/w", folder_ / "m/sibling");
  EXPECT_THAT(error_of("sibling"), HasSubstr("outside the model's folder"));
}

TEST_F(OnnxExternalData, ACacheOfLinksToBlobsWorks) {
  write_file(folder_ / "blobs/aa", model("model.onnx_data"));
  write_file(folder_ / "blobs/bb", floats({9, 8}));
  fs::create_directories(folder_ / "snapshots/1/onnx");
  fs::create_symlink("../../../blobs/aa", folder_ / "snapshots/1/onnx/model.onnx");
  fs::create_symlink("../../../blobs/bb", folder_ / "snapshots/1/onnx/model.onnx_data");
  EXPECT_EQ(first(folder_ / "snapshots/1/onnx/model.onnx"), 9);
  // A link to a model elsewhere, whose data lies beside the model itself.
  write_file(folder_ / "real/m.onnx", model("w.bin"));
  write_file(folder_ / "real/w.bin", floats({4, 3}));
  fs::create_symlink("../real/m.onnx", folder_ / "snapshots/m.onnx");
  EXPECT_EQ(first(folder_ / "snapshots/m.onnx"), 4);
}

TEST_F(OnnxExternalData, ModelsFromMemoryHaveNone) {
  const std::string bytes = model("w.bin");
  EXPECT_THROW(onnx::import_model(bytes_of(bytes), nullptr, no_operators()), Error);
}

TEST_F(OnnxExternalData, LargeWeightsAreSavedApart) {
  auto proto = new_model();
  for (const char* name : {"a", "b"}) {
    Tensor tensor(DType::F32, {1000});
    std::fill_n(tensor.mutable_data<float>(), 1000, name[0] == 'a' ? 1.0f : 2.0f);
    onnx::write_tensor(tensor, name, *proto.mutable_graph()->add_initializer());
    proto.mutable_graph()->add_output()->set_name(name);
  }
  const std::string path = (folder_ / "m.onnx").string();
  onnx::save_model(import_proto(proto), path, 0);
  EXPECT_LT(fs::file_size(path), 1000u);
  EXPECT_GE(fs::file_size(path + ".data"), 8000u);
  const GraphModel read = onnx::import_model(path, no_operators());
  EXPECT_EQ(read.graph->value(read.graph->outputs[1]).constant.as<float>()[999], 2);
  // Over the files that are mapped.
  onnx::save_model(read, path, 0);
  EXPECT_EQ(first(path), 1);
  EXPECT_EQ(read.graph->value(read.graph->outputs[0]).constant.as<float>()[0], 1);
}

}  // namespace
}  // namespace mica
