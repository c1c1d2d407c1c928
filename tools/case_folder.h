// Folders in the layout of the ONNX backend tests: model.onnx, tolerance.json, test_data_set_*/{input,output}_*.pb.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "runtime/mica.h"
#include "tools/compare_values.h"

namespace mica::tools {

struct DataSet {
  std::filesystem::path folder;
  std::vector<Datum> inputs, outputs;
};

/// Folders below `root` (itself included) that hold a model.onnx, sorted by path.
std::vector<std::filesystem::path> find_cases(const std::filesystem::path& root);

/// The case's test_data_set_* folders, by number.
std::vector<std::filesystem::path> data_set_folders(const std::filesystem::path& case_folder);

/// Reads one of them; the model tells the kinds of the values, and float references of outputs that it declares as
/// float16 or bfloat16 are rounded to these.
DataSet read_data_set(const std::filesystem::path& folder, const Model& model);

/// What the case's tolerance.json says; nullopt when there is none. Throws InvalidArgument when it is malformed.
std::optional<Tolerance> read_tolerance(const std::filesystem::path& case_folder);

}  // namespace mica::tools
