// Operands of the problems, and what plain loops make of them.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "tools/kernels/family.h"

namespace mica::tools {

/// Throws InvalidArgument for more than 2^29 elements, a slip of the keyboard.
void check_kernel_size(const Shape& shape);

/// Normal (0, 1) numbers, bytes of their whole range; the same for the same name.
Tensor kernel_operand(DType dtype, const Shape& shape, std::string_view name);
/// Integers from 0 to below `limit`.
Tensor kernel_indices(const Shape& shape, int64_t limit, std::string_view name);

/// The elements in double, shared: functions that compute expected values keep them.
using Doubles = std::shared_ptr<const std::vector<double>>;
Doubles doubles(const Tensor& tensor);

/// How far the result of a sum of `terms` products may be off, relative to the largest: roundings of float sums, and
/// of the result where it is a narrow float.
double sum_tolerance(DType dtype, double terms);

/// A function of one element of the one input, which is all there is to an elementwise family.
KernelProblem elementwise_problem(const KernelRequest& request, std::string_view op_type, int64_t opset,
                                  double (*function)(double), Attributes attributes = {});

}  // namespace mica::tools
