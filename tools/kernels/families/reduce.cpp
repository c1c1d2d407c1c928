// Sums along one axis.
#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

KernelProblem make(const KernelRequest& request) {
  const Shape& dims = request.dims;
  const auto rank = static_cast<int64_t>(dims.rank());
  const int64_t axis = std::min(request.number("axis", rank - 1), rank - 1);
  const int64_t count = dims[static_cast<size_t>(axis)];
  const int64_t inner = dims.elements(static_cast<size_t>(axis) + 1, dims.rank());
  const Tensor x = kernel_operand(request.dtype, dims, "x");
  const auto element = [x = doubles(x), count, inner](int64_t i) {
    const double* first = x->data() + i / inner * count * inner + i % inner;
    double sum = 0;
    for (int64_t j = 0; j < count; ++j) sum += first[j * inner];
    return sum;
  };
  return {.op_type = "ReduceSum",
          .opset = 13,
          .attributes = {{"keepdims", int64_t{0}}},
          .inputs = {x, Tensor::of<int64_t>({1}, {axis})},
          .constant = {1},
          .expected = element,
          .terms = static_cast<double>(count),
          .tolerance = sum_tolerance(request.dtype, static_cast<double>(count)),
          .operations = static_cast<double>(dims.elements())};
}

}  // namespace

KernelFamily kernel_family_reduce() {
  return {.name = "reduce",
          .form = "AxBx...[,axisI]",
          .about = "sums along an axis, the last unless given",
          .least_rank = 1,
          .most_rank = 8,
          .words = {"axis"},
          .shapes = {"512x1024", "512x1024,axis0", "4194304", "8x512x64,axis1"},
          .types = {DType::F32, DType::F16, DType::BF16},
          .make = make};
}

}  // namespace mica::tools
