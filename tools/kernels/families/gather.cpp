// Rows of a table, as embeddings pick them.
#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

KernelProblem make(const KernelRequest& request) {
  const int64_t rows = request.dims[0], width = request.dims[1], picks = request.dims[2];
  const Tensor table = kernel_operand(request.dtype, {rows, width}, "table");
  const Tensor indices = kernel_indices({picks}, rows, "indices");
  const auto element = [table = doubles(table), indices, width](int64_t i) {
    return (*table)[static_cast<size_t>(indices.data<int64_t>()[i / width] * width + i % width)];
  };
  return {.op_type = "Gather",
          .opset = 13,
          .inputs = {table, indices},
          .expected = element,
          .tolerance = 0,
          .bytes = 2.0 * static_cast<double>(picks * width * bit_width(request.dtype)) / 8};
}

}  // namespace

KernelFamily kernel_family_gather() {
  return {.name = "gather",
          .form = "ROWSxWIDTHxPICKS",
          .about = "rows of a table; bytes are those of the rows picked, read and written",
          .least_rank = 3,
          .most_rank = 3,
          .words = {},
          .shapes = {"30522x768x128", "512x32x128"},
          .types = {DType::F32, DType::F16, DType::I8},
          .make = make};
}

}  // namespace mica::tools
