// Element types that NumPy lacks, in files: each as the smallest that holds all its values. bfloat16 and smaller floats
// stand as float32, 2-bit and 4-bit integers as 8-bit ones.
#pragma once

#include "runtime/base/tensor.h"

namespace mica::tools {

/// The type in place of `dtype`; `dtype` itself where NumPy has it.
DType stand_in(DType dtype);

Tensor to_stand_in(const Tensor& tensor);

/// Elements of `dtype`, rounded to nearest, from a tensor of its stand-in; `tensor` itself when it is of that type.
/// Undefined when `tensor` is of another type.
Tensor from_stand_in(const Tensor& tensor, DType dtype);

}  // namespace mica::tools
