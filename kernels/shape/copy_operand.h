// What callers of CUDA launchers make of copies.
#pragma once

#include "kernels/shape/strided_copy.h"
#include "runtime/base/tensor.h"

namespace mica {

/// `copy`, of elements on the device that have whole bytes.
void copy_on_device(const StridedCopy& copy, const Tensor& from, Tensor& to, void* stream);
/// All elements, which are as many.
void copy_on_device(const Tensor& from, Tensor& to, void* stream);

}  // namespace mica
