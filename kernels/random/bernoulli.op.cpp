// Bernoulli, ai.onnx 15: 1 with the probability that the input is, else 0. A seed makes every run give the same.
#include <algorithm>
#include <cstring>

#include "backends/cpu/thread_pool.h"
#include "kernels/float_conversion.h"
#include "kernels/op.h"
#include "kernels/random/generator.h"
#include "kernels/random/one.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct Bernoulli {
  std::optional<float> seed;
  std::optional<DType> dtype;
};

void infer(const Bernoulli& op, InferContext& ctx) {
  const DType dtype = op.dtype.value_or(ctx.dtype(0));
  if (dtype != DType::Undefined && !(types::numeric | types::boolean).contains(dtype)) {
    throw_error(ErrorCode::InvalidModel, {"dtype ", name(dtype), " is no number"});
  }
  ctx.set(0, dtype, ctx.type(0).dims);
}

void run_cpu(const Bernoulli& op, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  const RandomNumbers numbers(op.seed);
  const uint64_t one = bits_of_one(y.dtype());
  const int64_t x_width = bit_width(x.dtype()) / 8, y_width = bit_width(y.dtype()) / 8;
  io.threads().parallel_for(x.elements(), 1024, [&](int64_t begin, int64_t end) {
    constexpr int64_t kBlock = 256;
    double p[kBlock];
    for (int64_t first = begin; first < end; first += kBlock) {
      const int64_t n = std::min(kBlock, end - first);
      convert_floats(x.dtype(), static_cast<const std::byte*>(x.raw()) + first * x_width, DType::F64, p, n);
      auto* to = static_cast<std::byte*>(y.mutable_raw()) + first * y_width;
      for (int64_t i = 0; i < n; ++i, to += y_width) {
        const uint64_t bits = numbers.uniform(first + i) < p[i] ? one : 0;
        std::memcpy(to, &bits, static_cast<size_t>(y_width));  // the lower bytes come first
      }
    }
  });
}

}  // namespace

MICA_OP(Bernoulli, 15) {
  return op<Bernoulli>()
      .input("input", types::floats)
      .output("output")
      .attribute("seed", &Bernoulli::seed)
      .attribute("dtype", &Bernoulli::dtype)
      .infer<infer>()
      .impure()
      .cpu<run_cpu>();
}

}  // namespace mica
