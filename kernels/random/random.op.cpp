// RandomNormal, RandomUniform, RandomNormalLike and RandomUniformLike, ai.onnx 1: numbers of a normal distribution with
// `mean` and standard deviation `scale`, or of a uniform one between `low` and `high`. A seed makes every run give the
// same numbers.
#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/float_conversion.h"
#include "kernels/op.h"
#include "kernels/random/generator.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct Random {
  bool normal = false;
  float mean = 0, scale = 1;
  float low = 0, high = 1;
  std::optional<float> seed = {};
  std::optional<DType> dtype = {};
  std::vector<int64_t> shape = {};
};

void set_output(const Random& op, InferContext& ctx, DType dtype, std::optional<Dims> dims) {
  const DType chosen = op.dtype.value_or(dtype);
  if (!is_float(chosen)) throw_error(ErrorCode::InvalidModel, {"dtype ", name(chosen), " is not a float"});
  ctx.set(0, chosen, std::move(dims));
}

void infer(const Random& op, InferContext& ctx) {
  for (const int64_t dim : op.shape) {
    if (dim < 0) throw_error(ErrorCode::InvalidModel, {"shape has the negative dim ", dim});
  }
  set_output(op, ctx, DType::F32, Dims(op.shape.begin(), op.shape.end()));
}

void infer_like(const Random& op, InferContext& ctx) {
  set_output(op, ctx, ctx.dtype(0), ctx.type(0).dims);
}

void run_cpu(const Random& op, const Operands& io) {
  const RandomNumbers numbers(op.seed);
  Tensor& y = io.out(0);
  const int64_t width = bit_width(y.dtype()) / 8;
  const double low = static_cast<double>(op.low), range = static_cast<double>(op.high) - low;
  const double mean = static_cast<double>(op.mean), scale = static_cast<double>(op.scale);
  io.threads().parallel_for(y.elements(), 1024, [&](int64_t begin, int64_t end) {
    constexpr int64_t kBlock = 256;
    double block[kBlock];
    for (int64_t first = begin; first < end; first += kBlock) {
      const int64_t n = std::min(kBlock, end - first);
      for (int64_t i = 0; i < n; ++i) {
        block[i] = op.normal ? mean + scale * numbers.normal(first + i) : low + range * numbers.uniform(first + i);
      }
      convert_floats(DType::F64, block, y.dtype(), static_cast<std::byte*>(y.mutable_raw()) + first * width, n);
    }
  });
}

OpBuilder<Random> random(bool normal) {
  auto def = op(Random{.normal = normal});
  if (normal) {
    def.attribute("mean", &Random::mean).attribute("scale", &Random::scale);
  } else {
    def.attribute("low", &Random::low).attribute("high", &Random::high);
  }
  return def.output("output").attribute("seed", &Random::seed).attribute("dtype", &Random::dtype).impure();
}

OpBuilder<Random> of_shape(bool normal) {
  return random(normal).required("shape", &Random::shape).infer<infer>().cpu<run_cpu>();
}

OpBuilder<Random> like(bool normal) {
  return random(normal).input("input", types::any).infer<infer_like>().cpu<run_cpu>();
}

}  // namespace

MICA_OP(RandomNormal, 1) {
  return of_shape(true);
}

MICA_OP(RandomUniform, 1) {
  return of_shape(false);
}

MICA_OP(RandomNormalLike, 1) {
  return like(true);
}

MICA_OP(RandomUniformLike, 1) {
  return like(false);
}

}  // namespace mica
