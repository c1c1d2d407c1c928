// Products with weights of 4 or 8 bits, quantised in blocks along K (MatMulNBits).
#include <algorithm>
#include <cmath>

#include "runtime/base/error.h"
#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

KernelProblem make(const KernelRequest& request) {
  const int64_t m = request.dims[0], n = request.dims[1], k = request.dims[2];
  const int64_t bits = request.number("b", 4), block = request.number("g", 32), level = request.number("a", 0);
  if ((bits != 4 && bits != 8) || block < 16 || (block & (block - 1)) != 0) {
    throw Error(ErrorCode::InvalidArgument, "\"" + request.text + "\" has no weights of 4 or 8 bits in blocks of 2^i");
  }
  const int64_t blocks = (k - 1) / block + 1, row = blocks * block * bits / 8;
  const Tensor a = kernel_operand(DType::F32, {m, k}, "a");
  const Tensor codes = kernel_operand(DType::U8, {n, blocks, block * bits / 8}, "b");
  const Tensor scales = kernel_operand(DType::F32, {n, blocks}, "scales");
  const auto element = [=, a = doubles(a), scales_of = doubles(scales)](int64_t i) {
    double sum = 0;
    for (int64_t p = 0; p < k; ++p) {
      const int64_t column = i % n, bit = p * bits;
      const int code = codes.data<uint8_t>()[column * row + bit / 8] >> bit % 8 & ((1 << bits) - 1);
      sum += (*a)[static_cast<size_t>(i / n * k + p)] * (code - (1 << (bits - 1))) *
             (*scales_of)[static_cast<size_t>(column * blocks + p / block)];
    }
    return sum;
  };
  const auto terms = static_cast<double>(k);
  // Bytes stand for A at level 4: each is off by a 250th of the largest of its block at most.
  const double tolerance = level == 4 ? 0.01 : sum_tolerance(DType::F32, terms);
  return {.op_type = "MatMulNBits",
          .opset = 1,
          .domain = "com.microsoft",
          .attributes = {{"K", k}, {"N", n}, {"bits", bits}, {"block_size", block}, {"accuracy_level", level}},
          .inputs = {a, codes, scales},
          .constant = {1, 2},
          .expected = element,
          .terms = terms,
          .tolerance = tolerance,
          .operations = 2 * terms * static_cast<double>(m * n)};
}

}  // namespace

KernelFamily kernel_family_nbits() {
  return {.name = "nbits",
          .form = "MxNxK[,bB][,gG][,aL]",
          .about = "products with weights of B bits (4) in blocks of G (32), at accuracy level L (0, or 4: A in bytes)",
          .least_rank = 3,
          .most_rank = 3,
          .words = {"b", "g", "a"},
          .shapes = {"1x4096x4096", "1x4096x4096,a4", "1x4096x4096,b8,a4", "1x2048x8192,g128", "4x4096x4096,a4",
                     "128x2048x2048", "128x2048x2048,a4"},
          .types = {DType::F32},
          .make = make};
}

}  // namespace mica::tools
