// Operators whose output is their input under another shape.
#pragma once

#include "kernels/operands.h"

namespace mica {

/// Copies the elements of `from` to `to`, which has the same dtype and number of elements, strings included.
/// Does nothing when they are the same memory.
void copy_elements(const Tensor& from, Tensor& to);

/// Kernel body of every operator that only views its input 0.
template <class T>
void copy_input(const T&, const Operands& io) {
  copy_elements(io.in(0), io.out(0));
}

}  // namespace mica
