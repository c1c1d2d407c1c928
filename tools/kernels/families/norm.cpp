// Normalised rows: LayerNormalization with scale and bias, RMSNormalization with a scale.
#include <cmath>

#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

constexpr double kEpsilon = 1e-5;

KernelProblem make(const KernelRequest& request, bool rms) {
  const int64_t width = request.dims[1];
  const Tensor x = kernel_operand(request.dtype, request.dims, "x");
  const Tensor scale = kernel_operand(request.dtype, {width}, "scale");
  const Tensor bias = kernel_operand(request.dtype, {width}, "bias");
  const auto element = [=, x = doubles(x), scale = doubles(scale), bias = doubles(bias)](int64_t i) {
    const double* row = x->data() + i / width * width;
    const auto column = static_cast<size_t>(i % width);
    double mean = 0, square = 0;
    for (int64_t j = 0; j < width && !rms; ++j) mean += row[j] / static_cast<double>(width);
    for (int64_t j = 0; j < width; ++j) square += (row[j] - mean) * (row[j] - mean) / static_cast<double>(width);
    const double y = (row[column] - mean) / std::sqrt(square + kEpsilon) * (*scale)[column];
    return rms ? y : y + (*bias)[column];
  };
  KernelProblem problem{.op_type = rms ? "RMSNormalization" : "LayerNormalization",
                        .opset = 23,
                        .inputs = {x, scale},
                        .expected = element,
                        .terms = 2.0 * static_cast<double>(width),
                        .tolerance = 2 * sum_tolerance(request.dtype, 1)};
  if (!rms) problem.inputs.push_back(bias);
  return problem;
}

KernelFamily rows(std::string_view name, std::string_view about, KernelProblem (*make)(const KernelRequest&)) {
  return {.name = name,
          .form = "ROWSxN",
          .about = about,
          .least_rank = 2,
          .most_rank = 2,
          .words = {},
          .shapes = {"128x768", "512x1024", "1x768", "128x32"},
          .types = {DType::F32, DType::F16, DType::BF16},
          .make = make};
}

}  // namespace

KernelFamily kernel_family_layernorm() {
  return rows("layernorm", "LayerNormalization along the rows, with scale and bias",
              [](const KernelRequest& request) { return make(request, false); });
}

KernelFamily kernel_family_rmsnorm() {
  return rows("rmsnorm", "RMSNormalization along the rows, with a scale",
              [](const KernelRequest& request) { return make(request, true); });
}

}  // namespace mica::tools
