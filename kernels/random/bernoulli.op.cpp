// Bernoulli, ai.onnx 15: 1 with the probability that the input is, else 0. A seed makes every run give the same.
#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/random/generator.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

struct Bernoulli {
  std::optional<float> seed;
  std::optional<DType> dtype;
};

void infer(const Bernoulli& op, InferContext& ctx) {
  const DType dtype = op.dtype.value_or(ctx.dtype(0));
  if (dtype != DType::Undefined && !(types::numeric | types::boolean).contains(dtype)) {
    ctx.fail("dtype " + std::string(name(dtype)) + " is no number");
  }
  ctx.set(0, dtype, ctx.type(0).dims);
}

void run_cpu(const Bernoulli& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const RandomNumbers numbers(op.seed);
  visit_dtype<float, double, Half, BFloat16>(x.dtype(), [&]<class P>() {
    visit_dtype<float, double, Half, BFloat16, bool, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t,
                uint64_t>(io.out(0).dtype(), [&]<class T>() {
      const P* p = x.data<P>();
      T* y = io.out(0).mutable_data<T>();
      io.threads().parallel_for(x.elements(), 1024, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) y[i] = static_cast<T>(numbers.uniform(i) < static_cast<double>(p[i]));
      });
    });
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
