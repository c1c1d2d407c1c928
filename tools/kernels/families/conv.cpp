// Convolutions in two dims, padded so that the result is as large as the input, divided by the stride; with the
// channels behind the axes of the image too, as models have them once they are optimised. Of bytes (i8): QLinearConv.
#include <algorithm>
#include <cmath>

#include "runtime/base/error.h"
#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

constexpr int kZero = 128;  // of quantised images

// A convolution of floats becomes one of bytes, whose results spread over their range.
void quantise(KernelProblem& problem) {
  constexpr double kProduct = 74.0 * 74.0, kSpread = 40;  // of uniform bytes: the deviation of products; and of results
  const auto scale = static_cast<float>(kSpread / (kProduct * std::sqrt(problem.terms)));
  const Tensor zero = Tensor::scalar<uint8_t>(kZero), one = Tensor::scalar(1.0f);
  problem.domain = "com.microsoft";
  problem.op_type = "QLinearConv";
  problem.opset = 1;
  problem.inputs = {problem.inputs[0],         one, zero, problem.inputs[1], Tensor::scalar(scale),
                    Tensor::scalar<int8_t>(0), one, zero};
  problem.constant = {3, 5};
  problem.tolerance = 1.0 / 255;  // what is half-way between two codes may become either
  problem.expected = [scale, sum = std::move(problem.expected)](int64_t i) {
    return std::clamp(std::nearbyint(sum(i) * static_cast<double>(scale)) + kZero, 0.0, 255.0);
  };
}

KernelProblem make(const KernelRequest& request) {
  const int64_t batch = request.dims[0], channels = request.dims[1], height = request.dims[2], width = request.dims[3];
  const int64_t kernel = request.number("k", 3), filters = request.number("o", channels);
  const int64_t stride = request.number("s", 1), groups = request.number("g", 1), pad = kernel / 2;
  const bool last = request.has("last"), bytes = request.dtype == DType::I8;
  if (last && request.dtype != DType::F32 && !bytes) {
    throw Error(ErrorCode::InvalidArgument, "with channels last there are convolutions of float and of bytes only");
  }
  if (kernel < 1 || stride < 1 || groups < 1 || filters < 1 || channels % groups != 0 || filters % groups != 0 ||
      kernel > 2 * pad + std::min(height, width)) {
    throw Error(ErrorCode::InvalidArgument, "\"" + request.text + "\" is no convolution");
  }
  const int64_t of_group = channels / groups;
  const int64_t rows = (height + 2 * pad - kernel) / stride + 1, columns = (width + 2 * pad - kernel) / stride + 1;
  const Tensor x = kernel_operand(bytes ? DType::U8 : request.dtype,
                                  last ? Shape{batch, height, width, channels} : request.dims, "x");
  const Tensor w = kernel_operand(request.dtype, {filters, of_group, kernel, kernel}, "w");
  const auto element = [=, x = doubles(x), w = doubles(w)](int64_t i) {
    const int64_t place = last ? i / filters % (rows * columns) : i % (rows * columns);
    const int64_t column = place % columns, row = place / columns;
    const int64_t filter = last ? i % filters : i / (rows * columns) % filters, image = i / (rows * columns * filters);
    double sum = 0;
    for (int64_t c = 0; c < of_group; ++c) {
      const int64_t plane = image * channels + filter / (filters / groups) * of_group + c;
      for (int64_t u = 0; u < kernel; ++u) {
        for (int64_t v = 0; v < kernel; ++v) {
          const int64_t y = row * stride + u - pad, z = column * stride + v - pad;
          if (y < 0 || y >= height || z < 0 || z >= width) continue;
          const int64_t at = last ? ((image * height + y) * width + z) * channels + plane % channels
                                  : (plane * height + y) * width + z;
          sum += ((*x)[static_cast<size_t>(at)] - (bytes ? kZero : 0)) *
                 (*w)[static_cast<size_t>(((filter * of_group + c) * kernel + u) * kernel + v)];
        }
      }
    }
    return sum;
  };
  const auto terms = static_cast<double>(of_group * kernel * kernel);
  Attributes attributes{{"pads", std::vector<int64_t>{pad, pad, pad, pad}},
                        {"strides", std::vector<int64_t>{stride, stride}},
                        {"group", groups}};
  if (last) attributes.emplace("channels_last", int64_t{1});
  KernelProblem problem{
      .op_type = last ? "ConvLayer" : "Conv",
      .opset = last ? 1 : 11,
      .domain = last ? "mica" : "",
      .attributes = std::move(attributes),
      .inputs = {x, w},
      .constant = {1},
      .expected = element,
      .terms = terms,
      .tolerance = sum_tolerance(bytes ? DType::F32 : request.dtype, terms),
      .operations = 2 * terms * static_cast<double>(batch * filters) * static_cast<double>(rows * columns)};
  if (bytes) quantise(problem);
  return problem;
}

}  // namespace

KernelFamily kernel_family_conv() {
  return {
      .name = "conv",
      .form = "NxCxHxW[,kK][,oM][,sS][,gG][,last]",
      .about =
          "K x K convolutions (3) to M channels (C), with stride S (1), in G groups (1); last: with the channels "
          "behind W; i8: of uint8 with int8 to uint8",
      .least_rank = 4,
      .most_rank = 4,
      .words = {"k", "o", "s", "g", "last"},
      .shapes = {"1x64x56x56,k3", "1x256x56x56,k1,o64", "1x3x224x224,k7,o64,s2", "1x512x7x7,k3", "1x144x56x56,k3,g144"},
      .types = {DType::F32, DType::F16, DType::BF16, DType::I8},
      .make = make};
}

}  // namespace mica::tools
