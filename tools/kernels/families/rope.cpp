// Rotary embeddings of [batch, heads, length, width] operands, halves of a head paired.
#include <cmath>

#include "runtime/base/error.h"
#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

KernelProblem make(const KernelRequest& request) {
  const int64_t batch = request.dims[0], heads = request.dims[1], rows = request.dims[2], width = request.dims[3];
  if (width % 2 != 0) throw Error(ErrorCode::InvalidArgument, "\"" + request.text + "\": rope wants an even width");
  const int64_t half = width / 2;
  const Tensor x = kernel_operand(request.dtype, request.dims, "x");
  const Tensor cos = kernel_operand(request.dtype, {rows, half}, "cos");  // any two numbers serve
  const Tensor sin = kernel_operand(request.dtype, {rows, half}, "sin");
  const Tensor ids = kernel_indices({batch, rows}, rows, "ids");
  const auto element = [=, x = doubles(x), cos = doubles(cos), sin = doubles(sin)](int64_t i) {
    const int64_t column = i % width, row = i / width % rows, image = i / width / rows / heads;
    const auto at = static_cast<size_t>(ids.data<int64_t>()[image * rows + row] * half + column % half);
    const auto here = static_cast<size_t>(i), there = static_cast<size_t>(column < half ? i + half : i - half);
    return (*x)[here] * (*cos)[at] + (column < half ? -1 : 1) * (*x)[there] * (*sin)[at];
  };
  return {.op_type = "RotaryEmbedding",
          .opset = 23,
          .inputs = {x, cos, sin, ids},
          .expected = element,
          .terms = 4,
          .tolerance = sum_tolerance(request.dtype, 1),
          .operations = 3.0 * static_cast<double>(request.dims.elements())};
}

}  // namespace

KernelFamily kernel_family_rope() {
  return {.name = "rope",
          .form = "BxHxSxD",
          .about = "rotary embeddings, with tables and position_ids",
          .least_rank = 4,
          .most_rank = 4,
          .words = {},
          .shapes = {"1x12x128x64", "1x12x1x64", "1x32x512x128"},
          .types = {DType::F32, DType::F16, DType::BF16},
          .make = make};
}

}  // namespace mica::tools
