// Outputs of any number type that hold a formula's values.
#pragma once

#include "kernels/operands.h"
#include "runtime/base/function_ref.h"

namespace mica {

inline constexpr DTypeSet kFormulaTypes = types::numeric;

/// y[i] = f(i), towards zero where the element is an integer, which saturates.
void write_numbers(Tensor& y, FunctionRef<double(int64_t)> f);

}  // namespace mica
