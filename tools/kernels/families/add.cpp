// Addition of two tensors, or of a row to every row of one.
#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

KernelProblem make(const KernelRequest& request) {
  const Tensor a = kernel_operand(request.dtype, request.dims, "a");
  const Shape row{request.dims.dims().back()};
  const Tensor b = kernel_operand(request.dtype, request.has("row") ? row : request.dims, "b");
  const auto element = [a = doubles(a), b = doubles(b)](int64_t i) {
    const auto place = static_cast<size_t>(i);
    return (*a)[place] + (*b)[place % b->size()];
  };
  return {.op_type = "Add",
          .opset = 14,
          .inputs = {a, b},
          .expected = element,
          .tolerance = sum_tolerance(request.dtype, 1),
          .operations = static_cast<double>(request.dims.elements())};
}

}  // namespace

KernelFamily kernel_family_add() {
  return {.name = "add",
          .form = "AxBx...[,row]",
          .about = "a sum of two tensors, or of every row with one",
          .least_rank = 1,
          .most_rank = 8,
          .words = {"row"},
          .shapes = {"128x768", "128x768,row", "4194304"},
          .types = {DType::F32, DType::F16, DType::BF16},
          .make = make};
}

}  // namespace mica::tools
