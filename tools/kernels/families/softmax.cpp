// Softmax of the rows of a matrix.
#include <algorithm>
#include <cmath>

#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

KernelProblem make(const KernelRequest& request) {
  const int64_t width = request.dims[1];
  const Tensor x = kernel_operand(request.dtype, request.dims, "x");
  const auto element = [x = doubles(x), width](int64_t i) {
    const double* row = x->data() + i / width * width;
    const double most = *std::max_element(row, row + width);
    double sum = 0;
    for (int64_t j = 0; j < width; ++j) sum += std::exp(row[j] - most);
    return std::exp(row[i % width] - most) / sum;
  };
  return {.op_type = "Softmax",
          .opset = 13,
          .inputs = {x},
          .expected = element,
          .terms = 16.0 * static_cast<double>(width),
          .tolerance = sum_tolerance(request.dtype, static_cast<double>(width))};
}

}  // namespace

KernelFamily kernel_family_softmax() {
  return {.name = "softmax",
          .form = "ROWSxN",
          .about = "Softmax along the rows",
          .least_rank = 2,
          .most_rank = 2,
          .words = {},
          .shapes = {"1536x128", "1536x512", "128x8192", "256x16"},
          .types = types::floats,
          .make = make};
}

}  // namespace mica::tools
