// Runs `mica` as a user does, for tests.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graph/onnx/export.h"
#include "graph/text_format.h"
#include "kernels/op.h"

namespace mica {

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string source_path(const std::string& path) {
  return std::string(MICA_SOURCE_FOLDER) + "/" + path;
}

inline const std::string& toy_model() {
  static const std::string path = source_path("models/toy.onnx");
  return path;
}

/// A test with a folder of its own.
class Program : public testing::Test {
 protected:
  struct Finished {
    int code;  ///< exit code; -1 when a signal ended it
    std::string out, err;
    nlohmann::json json() const { return nlohmann::json::parse(out); }
  };

  Program() { std::filesystem::create_directories(folder_); }
  ~Program() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  Finished mica(const std::vector<std::string>& arguments) const {
    std::string command = quoted(MICA_PROGRAM);
    for (const std::string& argument : arguments) command += " " + quoted(argument);
    const int status = std::system((command + " > " + quoted(path("out")) + " 2> " + quoted(path("err"))).c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_text(path("out")), read_text(path("err"))};
  }

  /// A model in a file, from its text.
  std::string model(const std::string& name, const std::string& text) const {
    onnx::save_model(parse_text(text, operators()), path(name));
    return path(name);
  }

  std::string file(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

 private:
  static std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("mica_cli_") + testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() + "_" +
       testing::UnitTest::GetInstance()->current_test_info()->name() + "_" + std::to_string(getpid()));
};

}  // namespace mica
