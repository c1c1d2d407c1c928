// NumPy's .npy and .npz files. Source of the format: numpy.lib.format.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "runtime/base/tensor.h"

namespace mica::tools {

/// The array as a copy. Takes both byte orders, both memory orders, and strings of bytes or of code points. Throws
/// InvalidArgument for anything malformed and for element types that are not those of a tensor.
Tensor read_npy(std::span<const std::byte> file);

/// Element types that NumPy lacks are written as their stand-ins: see stand_in.h.
void write_npy(std::ostream& stream, const Tensor& tensor);

/// The arrays of an .npz file by name, without the ".npy".
std::map<std::string, Tensor> read_npz(std::span<const std::byte> file);

}  // namespace mica::tools
