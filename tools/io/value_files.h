// Values in files: .npy arrays and serialised ONNX protos.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "graph/type.h"
#include "runtime/base/tensor.h"

namespace mica::tools {

/// Reads a .npy file, or else a TensorProto, SequenceProto, OptionalProto or MapProto, for a value of this type. Throws
/// Io, InvalidArgument or InvalidModel, naming the file.
Datum read_value(const std::filesystem::path& file, const ValueType& type);

/// Arrays as they are in the .npy files of a folder (by the names that `file_name` made), or in a .npz file.
std::map<std::string, Tensor> read_arrays(const std::filesystem::path& folder_or_npz);

/// Writes `<name>.npy` into the folder, which is made; a sequence as `<name>.0.npy` and so on. Each file appears when
/// it is complete.
void save_value(const std::filesystem::path& folder, std::string_view name, const Datum& value);

/// The name of a value as the name of a file: characters that a file name must not have, and '%', become %XX.
std::string file_name(std::string_view value_name);
/// Undoes it.
std::string value_name(std::string_view file_name);

}  // namespace mica::tools
