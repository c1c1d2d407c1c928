#include "tools/kernels/operands.h"

#include <algorithm>
#include <cmath>

#include "backends/cpu/thread_pool.h"
#include "kernels/cast/convert.h"
#include "runtime/base/error.h"
#include "tools/inputs/random_values.h"

namespace mica::tools {

void check_kernel_size(const Shape& shape) {
  if (shape.elements() > (int64_t{1} << 29)) {
    throw Error(ErrorCode::InvalidArgument, "an operand of " + shape.str() + " is too large to be measured");
  }
}

Tensor kernel_operand(DType dtype, const Shape& shape, std::string_view name) {
  check_kernel_size(shape);
  return random_tensor(dtype, shape, {}, name, 0);
}

Tensor kernel_indices(const Shape& shape, int64_t limit, std::string_view name) {
  return random_tensor(DType::I64, shape, {ValidValues::Kind::Range, 0, static_cast<double>(limit - 1), {}}, name, 0);
}

Doubles doubles(const Tensor& tensor) {
  auto values = std::make_shared<std::vector<double>>(static_cast<size_t>(tensor.elements()));
  Tensor wide = Tensor::over(DType::F64, tensor.shape(), values->data(), nullptr);
  ThreadPool alone(1);
  convert_elements(alone, tensor, wide, {});
  return values;
}

double sum_tolerance(DType dtype, double terms) {
  const double rounding = dtype == DType::BF16 ? 0x1p-8 : dtype == DType::F16 ? 0x1p-11 : 0;
  return rounding + 1e-6 * (4 + std::sqrt(terms));
}

KernelProblem elementwise_problem(const KernelRequest& request, std::string_view op_type, int64_t opset,
                                  double (*function)(double), Attributes attributes) {
  const Tensor x = kernel_operand(request.dtype, request.dims, "x");
  return {.op_type = std::string(op_type),
          .opset = opset,
          .attributes = std::move(attributes),
          .inputs = {x},
          .expected = [x = doubles(x), function](int64_t i) { return function((*x)[static_cast<size_t>(i)]); },
          .terms = 16,
          .tolerance = sum_tolerance(request.dtype, 1)};
}

}  // namespace mica::tools
