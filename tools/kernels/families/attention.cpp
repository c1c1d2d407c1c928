// Attention of [batch, heads, length, width] operands, in prefill and, with `kv`, over more keys than queries.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

KernelProblem make(const KernelRequest& request) {
  const int64_t batch = request.dims[0], heads = request.dims[1], rows = request.dims[2], width = request.dims[3];
  const int64_t keys = std::max<int64_t>(request.number("kv", rows), 1);
  const bool causal = request.has("causal");
  const Tensor q = kernel_operand(request.dtype, {batch, heads, rows, width}, "q");
  const Tensor k = kernel_operand(request.dtype, {batch, heads, keys, width}, "k");
  const Tensor v = kernel_operand(request.dtype, {batch, heads, keys, width}, "v");
  const auto element = [=, q = doubles(q), k = doubles(k), v = doubles(v)](int64_t i) {
    const int64_t column = i % width, row = i / width % rows, head = i / width / rows;
    const int64_t seen = causal ? std::min(row + 1, keys) : keys;
    const double scale = 1 / std::sqrt(static_cast<double>(width));
    const auto score = [&](int64_t key) {
      double sum = 0;
      for (int64_t p = 0; p < width; ++p) {
        sum += (*q)[static_cast<size_t>((head * rows + row) * width + p)] *
               (*k)[static_cast<size_t>((head * keys + key) * width + p)];
      }
      return sum * scale;
    };
    double weights = 0, sum = 0;
    for (int64_t key = 0; key < seen; ++key) {  // scores of normal numbers are far from overflow
      const double weight = std::exp(score(key));
      weights += weight;
      sum += weight * (*v)[static_cast<size_t>((head * keys + key) * width + column)];
    }
    return sum / weights;
  };
  const double products = static_cast<double>(batch * heads * rows) * static_cast<double>(keys * width);
  return {.op_type = "Attention",
          .opset = 23,
          .attributes = {{"is_causal", int64_t{causal}}},
          .inputs = {q, k, v},
          .expected = element,
          .terms = static_cast<double>(keys * width),
          .tolerance = 4 * sum_tolerance(request.dtype, static_cast<double>(keys)),
          .operations = causal && keys == rows ? 2 * products : 4 * products};
}

}  // namespace

KernelFamily kernel_family_attention() {
  return {.name = "attention",
          .form = "BxHxSxD[,causal][,kvT]",
          .about = "softmax(Q K') V; causal counts the half of the products that is needed",
          .least_rank = 4,
          .most_rank = 4,
          .words = {"causal", "kv"},
          .shapes = {"1x12x128x64", "1x12x512x64", "1x12x512x64,causal", "1x12x1x64,kv512", "1x2x128x16"},
          .types = {DType::F32, DType::F16, DType::BF16},
          .make = make};
}

}  // namespace mica::tools
