// Values to compare a model with, computed elsewhere.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runtime/mica.h"
#include "tools/inputs/model_inputs.h"

namespace mica::tools {

/// One set of inputs, and what shall come of it.
struct ReferenceCase {
  std::string name;  ///< "" when there is only one
  GivenInputs inputs;
  std::vector<std::pair<std::string, Datum>> values;  ///< outputs and intermediate values by name
};

struct Reference {
  std::vector<ReferenceCase> cases;
  std::vector<std::string> unknown;  ///< names that are of no value of the model
};

/// Reads
/// - a .npz file, or a folder of .npy files, with arrays called as the model's values, or `CASE/name`;
/// - a folder in the layout of the ONNX backend tests, or one data set of it: `input_0.pb`, `output_0.pb` ...
/// `model` is as in its file, not optimised. Throws Error when nothing there is for the model.
Reference read_reference(const std::filesystem::path& path, const Model& model);

}  // namespace mica::tools
