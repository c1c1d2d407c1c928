// What the operators of this family copy, for those who copy elements another way than StridedCopy::run. `params` are
// the operator's own; of the operands only shapes are read, and the contents of those that say where to copy. Throw
// when the operands do not fit.
#pragma once

#include "kernels/shape/strided_copy.h"
#include "runtime/base/function_ref.h"

namespace mica {

StridedCopy transpose_copy(const void* params, const Operands& io);
StridedCopy expand_copy(const void* params, const Operands& io);
StridedCopy tile_copy(const void* params, const Operands& io);
StridedCopy slice_copy(const void* params, const Operands& io);
StridedCopy depth_to_space_copy(const void* params, const Operands& io);
StridedCopy space_to_depth_copy(const void* params, const Operands& io);

/// Calls copy_part(output, copy) for every output that is wanted: from input 0 to it.
void split_copies(const void* params, const Operands& io, FunctionRef<void(size_t, const StridedCopy&)> copy_part);
/// Calls copy_part(input, copy) for every input that has elements: from it to output 0.
void concat_copies(const void* params, const Operands& io, FunctionRef<void(size_t, const StridedCopy&)> copy_part);

}  // namespace mica
