#include "tools/case_folder.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "backends/cpu/thread_pool.h"
#include "graph/graph.h"
#include "kernels/cast/convert.h"
#include "tools/io/value_files.h"

namespace mica::tools {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kSetPrefix = "test_data_set_";

std::vector<Datum> read_values(const fs::path& folder, std::string_view kind, const Graph& graph,
                               const std::vector<ValueId>& ids) {
  std::vector<Datum> values;
  for (size_t i = 0; i < ids.size(); ++i) {
    const fs::path file = folder / (std::string(kind) + "_" + std::to_string(i) + ".pb");
    values.push_back(read_value(file, graph.value(ids[i]).type));
  }
  return values;
}

// References computed in float for models whose outputs are narrower floats.
void round_as_declared(const Graph& graph, std::vector<Datum>& outputs) {
  ThreadPool threads(1);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const DType declared = graph.value(graph.outputs[i]).type.dtype;
    Tensor& reference = outputs[i].tensor;
    if (reference.dtype() != DType::F32 || (declared != DType::F16 && declared != DType::BF16)) continue;
    Tensor rounded(declared, reference.shape());
    convert_elements(threads, reference, rounded, {});
    reference = std::move(rounded);
  }
}

}  // namespace

std::vector<fs::path> find_cases(const fs::path& root) {
  if (!fs::is_directory(root)) throw Error(ErrorCode::Io, "\"" + root.string() + "\" is not a folder");
  std::vector<fs::path> cases;
  if (fs::exists(root / "model.onnx")) cases.push_back(root);
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_directory() && fs::exists(entry.path() / "model.onnx")) cases.push_back(entry.path());
  }
  std::ranges::sort(cases);
  return cases;
}

std::vector<fs::path> data_set_folders(const fs::path& case_folder) {
  std::vector<std::pair<int, fs::path>> sets;
  for (const auto& entry : fs::directory_iterator(case_folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.starts_with(kSetPrefix)) {
      sets.emplace_back(std::atoi(name.c_str() + kSetPrefix.size()), entry.path());
    }
  }
  std::ranges::sort(sets);
  std::vector<fs::path> folders;
  for (auto& [number, path] : sets) folders.push_back(std::move(path));
  return folders;
}

DataSet read_data_set(const fs::path& folder, const Model& model) {
  const Graph& graph = *model.graph().graph;
  DataSet set{folder, read_values(folder, "input", graph, graph.inputs),
              read_values(folder, "output", graph, graph.outputs)};
  round_as_declared(graph, set.outputs);
  return set;
}

std::optional<Tolerance> read_tolerance(const fs::path& case_folder) {
  const fs::path file = case_folder / "tolerance.json";
  if (!fs::exists(file)) return std::nullopt;
  try {
    const auto json = nlohmann::json::parse(std::ifstream(file));
    return Tolerance{json.at("rtol").get<double>(), json.at("atol").get<double>()};
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::InvalidArgument, file.string() + ": " + error.what());
  }
}

}  // namespace mica::tools
