// The header of a .npy file: a Python dictionary of element type, memory order and shape.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "runtime/base/shape.h"

namespace mica::tools {

struct NpyHeader {
  char order = '|';  ///< '<' little-endian, '>' big-endian, '|' not applicable
  char kind = 0;     ///< 'f' 'i' 'u' 'b' 'c' 'S' 'U'
  size_t size = 0;   ///< bytes of an element ('U': code points)
  bool fortran_order = false;
  Shape shape;
  size_t bytes = 0;  ///< of the header: the elements follow
};

/// Throws InvalidArgument.
NpyHeader read_npy_header(std::span<const std::byte> file);

/// Header of version 1 for little-endian elements in C order; `descr` as "<f4".
std::string write_npy_header(const std::string& descr, const Shape& shape);

}  // namespace mica::tools
